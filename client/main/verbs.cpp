// SPDX-License-Identifier: Apache-2.0
#include "client/main/verbs.hpp"

#include <array>

namespace guestd::guestctl {

std::span<const Verb> verbs() {
  static constexpr std::array kVerbs{
      Verb{"ping", "ask whether the agent answers, and how fast", define_ping},
      Verb{"info", "tell what agent and what system this is", define_info},
      Verb{"call", "call any command of the agent", define_call},
      Verb{"exec", "run a program in the guest", define_exec, true},
      Verb{"shell", "log in to the guest", define_shell},
      Verb{"cp", "copy files between host and guest", define_cp},
      Verb{"cat", "show files of the guest", define_cat},
      Verb{"fs", "list file systems and disks", define_fs},
      Verb{"freeze", "freeze file systems, while a command runs or until thawed", define_freeze, true},
      Verb{"thaw", "thaw file systems", define_thaw},
      Verb{"trim", "tell the disks what is free", define_trim},
      Verb{"net", "list interfaces, addresses and routes", define_net},
      Verb{"cpu", "list CPUs, or bring them online and offline", define_cpu},
      Verb{"mem", "tell how much memory there is", define_mem},
      Verb{"time", "tell the guest's time, or set it", define_time},
      Verb{"users", "list who is logged in", define_users},
      Verb{"keys", "list or change a user's SSH keys", define_keys},
      Verb{"passwd", "set a user's password", define_passwd},
      Verb{"shutdown", "switch the guest off", define_shutdown},
      Verb{"reboot", "start the guest anew", define_reboot},
      Verb{"halt", "stop the guest without switching it off", define_halt},
      Verb{"suspend", "put the guest to sleep", define_suspend},
      Verb{"top", "watch what the guest does", define_top},
      Verb{"completion", "print a completion script for a shell", define_completion},
      Verb{"man", "print a manual page", define_man},
      Verb{"list", "show the virtual machines of this host", define_list},
      Verb{"doctor", "tell why an agent does not answer", define_doctor},
      Verb{"qmp", "call any command of QEMU's monitor", define_qmp},
      Verb{"watch", "show the events of QEMU's monitor", define_watch},
      Verb{"wakeup", "wake a machine that sleeps", define_wakeup},
  };
  return kVerbs;
}

}  // namespace guestd::guestctl
