// SPDX-License-Identifier: Apache-2.0
#include "platform/confinement.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/unique_fd.hpp"

namespace guestd::platform {
namespace {

// capabilities(7), in the order of their numbers.
constexpr std::array<std::string_view, 41> kNames{"CAP_CHOWN",
                                                  "CAP_DAC_OVERRIDE",
                                                  "CAP_DAC_READ_SEARCH",
                                                  "CAP_FOWNER",
                                                  "CAP_FSETID",
                                                  "CAP_KILL",
                                                  "CAP_SETGID",
                                                  "CAP_SETUID",
                                                  "CAP_SETPCAP",
                                                  "CAP_LINUX_IMMUTABLE",
                                                  "CAP_NET_BIND_SERVICE",
                                                  "CAP_NET_BROADCAST",
                                                  "CAP_NET_ADMIN",
                                                  "CAP_NET_RAW",
                                                  "CAP_IPC_LOCK",
                                                  "CAP_IPC_OWNER",
                                                  "CAP_SYS_MODULE",
                                                  "CAP_SYS_RAWIO",
                                                  "CAP_SYS_CHROOT",
                                                  "CAP_SYS_PTRACE",
                                                  "CAP_SYS_PACCT",
                                                  "CAP_SYS_ADMIN",
                                                  "CAP_SYS_BOOT",
                                                  "CAP_SYS_NICE",
                                                  "CAP_SYS_RESOURCE",
                                                  "CAP_SYS_TIME",
                                                  "CAP_SYS_TTY_CONFIG",
                                                  "CAP_MKNOD",
                                                  "CAP_LEASE",
                                                  "CAP_AUDIT_WRITE",
                                                  "CAP_AUDIT_CONTROL",
                                                  "CAP_SETFCAP",
                                                  "CAP_MAC_OVERRIDE",
                                                  "CAP_MAC_ADMIN",
                                                  "CAP_SYSLOG",
                                                  "CAP_WAKE_ALARM",
                                                  "CAP_BLOCK_SUSPEND",
                                                  "CAP_AUDIT_READ",
                                                  "CAP_PERFMON",
                                                  "CAP_BPF",
                                                  "CAP_CHECKPOINT_RESTORE"};

// ---- capabilities

Result<void> keep_capabilities(Capabilities kept) {
  for (unsigned long number = 0; ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
    if ((kept >> number & 1U) != 0) continue;
    // Without CAP_SETPCAP the bounding set stays; what the process holds itself is given up all the same.
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0 && errno != EPERM) {
      return Error::from_errno("cannot drop capabilities", errno);
    }
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return Error::from_errno("cannot read capabilities", errno);
  for (std::size_t half = 0; half < data.size(); ++half) {
    const auto mask = static_cast<__u32>(kept >> (32 * half));
    data[half].permitted &= mask;
    data[half].effective = data[half].permitted;
    data[half].inheritable &= mask;
  }
  if (::syscall(SYS_capset, &header, data.data()) != 0) return Error::from_errno("cannot drop capabilities", errno);
  return {};
}

// ---- system calls

#if defined(__x86_64__)
constexpr __u32 kArchitecture = AUDIT_ARCH_X86_64;
constexpr __u32 kOtherCalls = 0x40000000;  // the x32 ABI has numbers of its own for the same calls
#elif defined(__aarch64__)
constexpr __u32 kArchitecture = AUDIT_ARCH_AARCH64;
constexpr __u32 kOtherCalls = 0xffffffff;
#else
constexpr __u32 kArchitecture = 0;
constexpr __u32 kOtherCalls = 0xffffffff;
#endif

// Code in the kernel, other processes, ways around the rights of files.
constexpr std::array kNever{
    SYS_init_module,     SYS_finit_module,   SYS_delete_module,     SYS_kexec_load,        SYS_bpf,
    SYS_perf_event_open, SYS_ptrace,         SYS_process_vm_readv,  SYS_process_vm_writev, SYS_userfaultfd,
    SYS_io_uring_setup,  SYS_io_uring_enter, SYS_io_uring_register, SYS_open_by_handle_at, SYS_swapon,
    SYS_swapoff,         SYS_acct,           SYS_quotactl,          SYS_lookup_dcookie,    SYS_pidfd_getfd,
    SYS_syslog};
constexpr std::array kKexecFile{
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load
#else
    SYS_kexec_load
#endif
};
// Numbers that are the same everywhere, of calls that the headers may be too old for.
constexpr int kMountSetattr = 442;
constexpr int kFchmodat2 = 452;
constexpr int kSetxattrat = 463;
constexpr int kRemovexattrat = 466;
constexpr int kOpenTreeAttr = 467;
constexpr int kFileSetattr = 469;
constexpr std::array kUnlessPrograms{
    SYS_execve,        SYS_execveat,       SYS_mount,       SYS_umount2,           SYS_move_mount,
    SYS_open_tree,     SYS_fsopen,         SYS_fsconfig,    SYS_fsmount,           SYS_fspick,
    SYS_pivot_root,    SYS_chroot,         SYS_setns,       SYS_unshare,           SYS_add_key,
    SYS_request_key,   SYS_keyctl,         SYS_sethostname, SYS_setdomainname,     SYS_personality,
    kMountSetattr,     kOpenTreeAttr,      SYS_tkill,       SYS_pidfd_send_signal, SYS_rt_tgsigqueueinfo,
    SYS_fanotify_init, SYS_process_madvise};
constexpr std::array kClock{SYS_clock_settime, SYS_settimeofday, SYS_adjtimex, SYS_clock_adjtime};
constexpr std::array kReboot{SYS_reboot};
// What Landlock does not judge.
constexpr std::array kAttributes{
#ifdef SYS_chmod
    SYS_chmod,       SYS_chown,        SYS_lchown,
#endif
    SYS_fchmodat,    kFchmodat2,       SYS_fchown,       SYS_fchownat, SYS_setxattr,   SYS_lsetxattr, SYS_fsetxattr,
    SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, kSetxattrat,  kRemovexattrat, kFileSetattr};

constexpr sock_filter kRefuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
constexpr sock_filter kLoadCall = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));

// The lower half of an argument: all architectures that are known here have it first.
sock_filter load_argument(__u32 index) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<__u32>(offsetof(seccomp_data, args) + index * sizeof(__u64)));
}

/// `call` goes only if its argument is `value`.
void forbid_unless(std::vector<sock_filter>& program, int call, __u32 argument, __u32 value) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(call), 0, 4));
  program.push_back(load_argument(argument));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
  program.push_back(kRefuse);
  program.push_back(kLoadCall);
}

// clone(2) makes threads, but no name spaces; clone3(2) has its flags in memory, where no filter can look.
void forbid_name_spaces(std::vector<sock_filter>& program) {
  constexpr __u32 kNewNameSpace =
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
  program.push_back(load_argument(0));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kNewNameSpace, 0, 1));
  program.push_back(kRefuse);
  program.push_back(kLoadCall);
}

// To itself it may: abort(3) does.
void forbid_signals(std::vector<sock_filter>& program) {
  const auto self = static_cast<__u32>(::getpid());
  for (const int call : {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo}) forbid_unless(program, call, 0, self);
  forbid_unless(program, SYS_prlimit64, 0, 0);
}

template <typename Calls>
void forbid(std::vector<sock_filter>& program, const Calls& calls) {
  for (const long call : calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(call), 0, 1));
    program.push_back(kRefuse);
  }
}

std::vector<sock_filter> filter_of(const Confinement& confinement) {
  std::vector<sock_filter> program{
      // A call by the numbers of another architecture (int 0x80) would mean something else.
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      kRefuse,
      kLoadCall,
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherCalls, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
  };
  forbid(program, kNever);
  forbid(program, kKexecFile);
  if (!confinement.may_run_programs) {
    forbid(program, kUnlessPrograms);
    forbid_name_spaces(program);
    forbid_signals(program);
  }
  if (confinement.restricts_files) {
    forbid(program, kAttributes);
    forbid_unless(program, SYS_fchmod, 1, 0600);  // what is the agent's own is closed to others
  }
  if (!confinement.may_set_clock) forbid(program, kClock);
  if (!confinement.may_reboot) forbid(program, kReboot);
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return program;
}

Result<bool> filter_system_calls(const Confinement& confinement) {
  if (kArchitecture == 0) return false;
  auto program = filter_of(confinement);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0) return true;
  if (errno == EINVAL) return false;  // a kernel without it
  return Error::from_errno("cannot filter system calls", errno);
}

// ---- files

// Rights of landlock(7), by the version of the kernel's ABI. The headers may be older than the kernel, so by number.
constexpr __u64 kExecute = 1U << 0U;
constexpr __u64 kWriteFile = 1U << 1U;
constexpr __u64 kReadFile = 1U << 2U;
constexpr __u64 kReadDir = 1U << 3U;
constexpr __u64 kRemoveFile = 1U << 5U;
constexpr __u64 kMakeRegular = 1U << 8U;
constexpr __u64 kMakeSocket = 1U << 9U;
constexpr __u64 kRightsOfFirst = (1U << 13U) - 1;
constexpr __u64 kRefer = 1U << 13U;     // ABI 2
constexpr __u64 kTruncate = 1U << 14U;  // ABI 3
constexpr __u64 kWrite = kReadFile | kReadDir | kWriteFile | kRemoveFile | kMakeRegular | kTruncate;
constexpr __u64 kForFiles = kExecute | kWriteFile | kReadFile | kTruncate;

__u64 known_rights(long abi) { return kRightsOfFirst | (abi >= 2 ? kRefer : 0) | (abi >= 3 ? kTruncate : 0); }

Result<void> allow(const UniqueFd& rules, const std::string& path, __u64 rights) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid()) return {};
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(path, errno);
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = S_ISDIR(status.st_mode) ? rights : rights & kForFiles;
  beneath.parent_fd = fd.get();
  if (::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0) return {};
  return Error::from_errno("cannot allow " + path, errno);
}

Result<bool> restrict_files(const Confinement& confinement) {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = known_rights(abi);
  const UniqueFd rules(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0)));
  if (!rules.valid()) return Error::from_errno("cannot restrict files", errno);
  const std::array<std::pair<const std::vector<std::string>&, __u64>, 4> lists{{
      {confinement.readable, kReadFile | kReadDir},
      {confinement.writable, kWrite & known_rights(abi)},
      {confinement.sockets, kMakeSocket | kRemoveFile},
      {confinement.devices, kReadFile | kReadDir | kWriteFile},
  }};
  for (const auto& [paths, rights] : lists) {
    for (const std::string& path : paths) {
      if (auto allowed = allow(rules, path, rights); !allowed) return std::move(allowed).error();
    }
  }
  if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) {
    return Error::from_errno("cannot restrict files", errno);
  }
  return true;
}

}  // namespace

Capabilities capability_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  return found == kNames.end() ? 0 : Capabilities{1} << static_cast<unsigned>(found - kNames.begin());
}

std::vector<std::string> capability_names(Capabilities set) {
  std::vector<std::string> names;
  for (std::size_t number = 0; number < kNames.size(); ++number) {
    if ((set >> number & 1U) != 0) names.emplace_back(kNames[number]);
  }
  return names;
}

// The filter last: what comes before needs calls that it may forbid.
Result<Confined> confine(const Confinement& confinement) {
  Confined done;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Error::from_errno("cannot give up privileges", errno);
  if (confinement.restricts_files) {
    const auto files = restrict_files(confinement);
    if (!files) return files.error();
    done.files = *files;
  }
  if (auto kept = keep_capabilities(confinement.capabilities); !kept) return std::move(kept).error();
  const auto calls = filter_system_calls(confinement);
  if (!calls) return calls.error();
  done.system_calls = *calls;
  return done;
}

}  // namespace guestd::platform
