// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "daemon/configuration.hpp"

namespace guestd::daemon {

/// `guestd audit`: reads the trail back, from the file that the configuration names, else from the journal (with
/// journalctl), and prints it to stdout, oldest first: a line per record for people, or with `as_json` the form of the
/// file. What is no record is left out, and its lines are counted on stderr. The error says why there is nothing to
/// read.
Result<void> print_audit(const Configuration& configuration, bool as_json);

/// One line of the trail as it is printed; empty if it is no record.
std::string audit_report_line(std::string_view line, bool as_json);

}  // namespace guestd::daemon
