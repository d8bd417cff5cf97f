// SPDX-License-Identifier: Apache-2.0
// What guestctl uses of libvirt, played by one library: a domain `web`, whose agent answers each command with its text.
// A command that holds `hang` times out, one that holds `unknown` is refused by the agent.
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string last_message;
int last_code = 0;
int domain = 0;

void fail(int code, const char* message) {
  last_code = code;
  last_message = message;
}

}  // namespace

extern "C" {

void* virConnectOpen(const char* uri) {
  if (uri == nullptr || std::strcmp(uri, "test:///none") != 0) return &domain;
  fail(38, "no such hypervisor");
  return nullptr;
}
int virConnectClose(void* /*connection*/) { return 0; }
void* virDomainLookupByName(void* /*connection*/, const char* name) {
  if (std::strcmp(name, "web") == 0) return &domain;
  fail(42, "Domain not found");
  return nullptr;
}
void* virDomainLookupByUUIDString(void* /*connection*/, const char* /*uuid*/) {
  fail(42, "Domain not found");
  return nullptr;
}
int virDomainFree(void* /*domain*/) { return 0; }
void virSetErrorFunc(void* /*data*/, void (* /*handler*/)(void*, void*)) {}
const char* virGetLastErrorMessage() { return last_message.c_str(); }
int virGetLastErrorCode() { return last_code; }

char* virDomainQemuAgentCommand(void* /*domain*/, const char* command, int timeout_s, unsigned /*flags*/) {
  if (std::strstr(command, "hang") != nullptr) {
    fail(86, "Guest agent is not responding: guest agent command timed out");
    return nullptr;
  }
  if (std::strstr(command, "unknown") != nullptr) {
    fail(1, "internal error: unable to execute QEMU agent command 'unknown': The command unknown has not been found");
    return nullptr;
  }
  std::string quoted;
  for (const char* c = command; *c != '\0'; ++c) {
    if (*c == '"' || *c == '\\') quoted += '\\';
    quoted += *c;
  }
  return ::strdup(
      ("{\"return\": {\"asked\": \"" + quoted + "\", \"timeout\": " + std::to_string(timeout_s) + "}}").c_str());
}

}  // extern "C"
