// SPDX-License-Identifier: Apache-2.0
// What a monitor sends: the input is the other end of the conversation.
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "client/lib/monitor.hpp"
#include "generated/qmp/calls.hpp"
#include "generated/qmp/events.hpp"

namespace {

namespace client = guestd::client;
namespace qmp = guestd::qmp;
namespace protocol = guestd::protocol;

/// Under the size of a socket's buffer, so that nobody has to read while this is sent.
constexpr std::size_t kMostBytes = 64 << 10;

void converse(std::string_view said) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
  guestd::UniqueFd qemu(ends[0]);
  if (::send(qemu.get(), said.data(), said.size(), MSG_NOSIGNAL) < 0) return;
  ::shutdown(qemu.get(), SHUT_WR);
  const client::MonitorOptions options{std::chrono::seconds(5), std::chrono::seconds(5)};
  auto monitor = client::Monitor::over(guestd::UniqueFd(ends[1]), "fuzz", options);
  if (!monitor) return;
  (*monitor)->on_event([](const protocol::JsonDocument& message) { (void)qmp::decode_event(message.root()); });
  (void)qmp::query_status(**monitor);
  (void)qmp::query_chardev(**monitor);
  (void)qmp::x_query_virtio_status(**monitor, {"p"});
  (void)qmp::x_query_virtio_queue_element(**monitor, {"p", 1, std::nullopt});
  (void)qmp::qom_get(**monitor, {"p", "q"});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min(size, kMostBytes));
  converse(input);
  // Most inputs do not get past the negotiation by themselves.
  converse("{\"QMP\": {}}\n{\"return\": {}, \"id\": 1}\n" + std::string(input));
  return 0;
}
