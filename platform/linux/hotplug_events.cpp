// SPDX-License-Identifier: Apache-2.0
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/unique_fd.hpp"
#include "platform/hotplug.hpp"

namespace guestd::platform {
namespace {

constexpr std::uint32_t kKernelsOwnGroup = 1;  // 2 is what udev makes of it
// The kernel's UEVENT_BUFFER_SIZE is 2048, and the header comes on top.
constexpr std::size_t kMessageBytes = 8U << 10U;
// A DIMM can be hundreds of blocks, each a message, all at once.
constexpr int kQueueBytes = 1 << 20;

/// Four letters as the filter loads them: in network order.
constexpr std::uint32_t letters(const char (&text)[5]) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) word = word << 8U | static_cast<unsigned char>(text[i]);
  return word;
}

constexpr sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter load_behind_action(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_IND, offset); }
constexpr sock_filter action_is_long(std::uint32_t bytes) { return BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, bytes); }
constexpr sock_filter verdict(std::uint32_t bytes) { return BPF_STMT(BPF_RET | BPF_K, bytes); }

// Instructions that are jumped to.
constexpr std::uint8_t kPath = 7;
constexpr std::uint8_t kTake = 18;
constexpr std::uint8_t kDrop = 19;

/// Instruction number `at`: goes on to `then` if the loaded letters are these, else to `otherwise`.
constexpr sock_filter branch(int at, std::uint32_t word, std::uint8_t then, std::uint8_t otherwise) {
  const auto distance = [at](std::uint8_t to) { return static_cast<std::uint8_t>(to - at - 1); };
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word, distance(then), distance(otherwise));
}

/// Lets `add@/devices/system/cpu/...`, `add@/devices/system/memory/...` and the same with `remove@` through, and drops
/// everything else before it wakes anybody; also what is too short for a load.
constexpr std::array kFilter{
    action_is_long(4),
    load(0),
    branch(2, letters("add@"), kPath, 3),
    branch(3, letters("remo"), 4, kDrop),
    load(3),
    branch(5, letters("ove@"), 6, kDrop),
    action_is_long(7),
    load_behind_action(0),
    branch(8, letters("/dev"), 9, kDrop),
    load_behind_action(4),
    branch(10, letters("ices"), 11, kDrop),
    load_behind_action(8),
    branch(12, letters("/sys"), 13, kDrop),
    load_behind_action(12),
    branch(14, letters("tem/"), 15, kDrop),
    load_behind_action(16),
    branch(16, letters("cpu/"), kTake, 17),
    branch(17, letters("memo"), kTake, kDrop),
    verdict(0xFFFFFFFF),
    verdict(0),
};
static_assert(kFilter.size() == kDrop + 1);

class KernelEvents final : public HotplugEvents {
 public:
  explicit KernelEvents(UniqueFd socket) : socket_(std::move(socket)) {}

  [[nodiscard]] int fd() const override { return socket_.get(); }

  News take() override {
    News news;
    while (take_one(news)) {
    }
    return news;
  }

 private:
  bool take_one(News& news) {
    std::array<char, kMessageBytes> text;
    sockaddr_nl from{};
    iovec into{text.data(), text.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    const ssize_t count = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
    if (count < 0 && errno == ENOBUFS) news.lost_some = true;
    if (count < 0) return errno == ENOBUFS || errno == EINTR;
    // Port 0 is the kernel; every process has another one.
    if (from.nl_pid != 0 || from.nl_groups != kKernelsOwnGroup) return true;
    const auto event = parse_hotplug_event({text.data(), static_cast<std::size_t>(count)});
    if (event) news.events.push_back(*event);
    return true;
  }

  UniqueFd socket_;
};

Result<void> prepare(int socket) {
  sock_fprog program{};
  program.len = kFilter.size();
  program.filter = const_cast<sock_filter*>(kFilter.data());  // the kernel only reads it
  if (::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) {
    return Error::from_errno("cannot filter the kernel's device events", errno);
  }
  // Beyond the limit for everybody; without the right to that the usual size has to do.
  (void)::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kQueueBytes, sizeof kQueueBytes);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelsOwnGroup;
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    return Error::from_errno("cannot listen to the kernel's device events", errno);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<HotplugEvents>> watch_hotplug() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  if (!socket.valid()) return Error::from_errno("cannot listen to the kernel's device events", errno);
  if (auto prepared = prepare(socket.get()); !prepared) return std::move(prepared).error();
  return std::unique_ptr<HotplugEvents>(std::make_unique<KernelEvents>(std::move(socket)));
}

}  // namespace guestd::platform
