// SPDX-License-Identifier: Apache-2.0
#include "client/main/verbs.hpp"

#include <array>

namespace guestd::guestctl {

std::span<const Verb> verbs() {
  static constexpr std::array kVerbs{
      Verb{"ping", "ask whether the agent answers, and how fast", define_ping},
      Verb{"info", "tell what agent and what system this is", define_info},
      Verb{"call", "call any command of the agent", define_call},
      Verb{"list", "show the virtual machines of this host", define_list},
      Verb{"doctor", "tell why an agent does not answer", define_doctor},
      Verb{"qmp", "call any command of QEMU's monitor", define_qmp},
      Verb{"watch", "show the events of QEMU's monitor", define_watch},
      Verb{"wakeup", "wake a machine that sleeps", define_wakeup},
  };
  return kVerbs;
}

}  // namespace guestd::guestctl
