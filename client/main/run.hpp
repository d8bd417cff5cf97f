// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace guestd::guestctl {

/// guestctl from its command line to its exit status.
int run(int argc, const char* const* argv);

}  // namespace guestd::guestctl
