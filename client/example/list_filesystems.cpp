// SPDX-License-Identifier: Apache-2.0
// Lists the file systems of a guest: once as one who waits, once as one who does not.
//
//   list_filesystems /run/vm/qga.sock
#include <poll.h>

#include <cstdio>
#include <string>

#include "client/lib/connection.hpp"
#include "generated/agent/calls.hpp"

namespace {

namespace agent = guestd::agent;
namespace client = guestd::client;

void show(const agent::GetFsinfoResult& filesystems) {
  for (const auto& one : filesystems) std::printf("%s on %s\n", one.name.c_str(), one.mountpoint.c_str());
}

int complain(const guestd::Error& error) {
  std::fprintf(stderr, "%s\n", error.text.c_str());
  return 1;
}

int ask_and_wait(client::Connection& connection) {
  auto filesystems = agent::get_fsinfo(connection);
  if (!filesystems) return complain(filesystems.error());
  show(*filesystems);
  return 0;
}

/// In a program with an event loop the loop would do the polling.
int ask_and_go_on(client::Connection& connection) {
  using GetFsinfo = agent::calls::GetFsinfo;
  int status = 0;
  connection.start(guestd::protocol::make_call<GetFsinfo>({}), std::chrono::seconds(5), [&](client::Reply reply) {
    if (!reply) return void(status = complain(reply.error()));
    auto filesystems = guestd::protocol::read_reply<GetFsinfo>(*reply);
    if (!filesystems) return void(status = complain(filesystems.error()));
    show(*filesystems);
  });
  while (connection.pending() > 0) {
    pollfd entry{connection.fd(), connection.events(), 0};
    ::poll(&entry, 1, client::poll_timeout(connection.deadline()));
    connection.process();
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return complain(guestd::Error{"usage: list_filesystems SOCKET"});
  auto connection = client::Connection::open(client::UnixEndpoint{argv[1]}, {});
  if (!connection) return complain(connection.error());
  const int waited = ask_and_wait(**connection);
  const int went_on = ask_and_go_on(**connection);
  return waited != 0 ? waited : went_on;
}
