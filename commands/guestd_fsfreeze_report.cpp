// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<GuestdFsfreezeReportResult> guestd_fsfreeze_report(Context& context) { return context.freeze.report(); }

}  // namespace guestd::commands
