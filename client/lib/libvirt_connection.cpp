// SPDX-License-Identifier: Apache-2.0
#include "client/lib/libvirt_connection.hpp"

#include <dlfcn.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "client/lib/reply_reader.hpp"

namespace guestd::client {

/// The functions of libvirt.so.0 and libvirt-qemu.so.0 that are used, as libvirt's headers declare them; what they
/// point to is never looked into.
struct LibvirtLibrary {
  void* (*connect_open)(const char* uri) = nullptr;
  int (*connect_close)(void* connection) = nullptr;
  void* (*lookup_by_name)(void* connection, const char* name) = nullptr;
  void* (*lookup_by_uuid)(void* connection, const char* uuid) = nullptr;
  int (*domain_free)(void* domain) = nullptr;
  void (*set_error_function)(void* data, void (*handler)(void* data, void* error)) = nullptr;
  const char* (*last_error_message)() = nullptr;
  int (*last_error_code)() = nullptr;
  char* (*agent_command)(void* domain, const char* command, int timeout_s, unsigned flags) = nullptr;
};

namespace {

// virErrorNumber of virterror.h
constexpr int kNoDomain = 42;
constexpr int kAgentUnresponsive = 86;
constexpr int kAgentUnsynced = 97;
// virDomainQemuAgentCommandTimeoutValues
constexpr int kBlock = -2;

template <typename Function>
bool load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

void ignore(void* /*data*/, void* /*error*/) {}

/// The libraries stay open: they have threads of their own.
Result<LibvirtLibrary> load_libvirt() {
  void* const core = ::dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
  void* const qemu = core == nullptr ? nullptr : ::dlopen("libvirt-qemu.so.0", RTLD_NOW | RTLD_LOCAL);
  if (qemu == nullptr) {
    const char* const why = ::dlerror();
    return Error::unreachable(std::string("libvirt is not installed: ") + (why == nullptr ? "" : why));
  }
  LibvirtLibrary library;
  const bool whole =
      load(core, "virConnectOpen", library.connect_open) && load(core, "virConnectClose", library.connect_close) &&
      load(core, "virDomainLookupByName", library.lookup_by_name) &&
      load(core, "virDomainLookupByUUIDString", library.lookup_by_uuid) &&
      load(core, "virDomainFree", library.domain_free) && load(core, "virSetErrorFunc", library.set_error_function) &&
      load(core, "virGetLastErrorMessage", library.last_error_message) &&
      load(core, "virGetLastErrorCode", library.last_error_code) &&
      load(qemu, "virDomainQemuAgentCommand", library.agent_command);
  if (!whole)
    return Error::unreachable("this libvirt is too old: it lacks virDomainQemuAgentCommand or another function");
  library.set_error_function(nullptr, ignore);
  return library;
}

std::string last_error(const LibvirtLibrary& library) {
  const char* const text = library.last_error_message();
  return text == nullptr ? "no reason given" : text;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// libvirt passes the agent's own errors on in its words: `unable to execute QEMU agent command 'C': <desc>`.
Error agent_error(const LibvirtLibrary& library) {
  const int code = library.last_error_code();
  std::string text = last_error(library);
  if (code == kAgentUnresponsive && contains(text, "not connected")) return Error::unreachable(std::move(text));
  if (code == kAgentUnresponsive || code == kAgentUnsynced) return Error::timed_out(std::move(text));
  if (contains(text, "has not been found") || contains(text, "has been disabled")) {
    return Error::unsupported(std::move(text));
  }
  return Error{std::move(text)};
}

int whole_seconds(std::chrono::milliseconds timeout) {
  if (timeout == kForever) return kBlock;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  return static_cast<int>(std::clamp<std::int64_t>(seconds, 1, 1'000'000'000));
}

}  // namespace

struct LibvirtConnection::Handles {
  LibvirtLibrary library;
  void* connection = nullptr;
  void* domain = nullptr;

  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    if (domain != nullptr) library.domain_free(domain);
    if (connection != nullptr) library.connect_close(connection);
  }
};

Result<std::unique_ptr<Connection>> LibvirtConnection::open(const LibvirtEndpoint& endpoint,
                                                            const ConnectionOptions& options) {
  auto library = load_libvirt();
  if (!library) return std::move(library).error();
  auto handles = std::make_unique<Handles>();
  handles->library = *library;
  handles->connection = library->connect_open(endpoint.uri.empty() ? nullptr : endpoint.uri.c_str());
  if (handles->connection == nullptr) return Error::unreachable("cannot connect to libvirt: " + last_error(*library));
  handles->domain = library->lookup_by_name(handles->connection, endpoint.domain.c_str());
  if (handles->domain == nullptr && library->last_error_code() == kNoDomain) {
    handles->domain = library->lookup_by_uuid(handles->connection, endpoint.domain.c_str());
  }
  if (handles->domain == nullptr) {
    return Error::unreachable("libvirt has no domain " + endpoint.domain + ": " + last_error(*library));
  }
  UniqueFd always_ready(::eventfd(1, EFD_CLOEXEC));
  if (!always_ready.valid()) return Error::from_errno("cannot make an event", errno);
  return std::unique_ptr<Connection>(
      new LibvirtConnection(std::move(handles), std::move(always_ready), describe(endpoint), options));
}

LibvirtConnection::LibvirtConnection(std::unique_ptr<Handles> handles, UniqueFd always_ready, std::string name,
                                     const ConnectionOptions& options)
    : Connection(std::move(name), options.call_timeout),
      handles_(std::move(handles)),
      always_ready_(std::move(always_ready)) {}

LibvirtConnection::~LibvirtConnection() {
  for (Pending& call : std::exchange(calls_, {})) {
    call.handler(Error::unreachable("the connection to " + name() + " was closed"));
  }
}

void LibvirtConnection::start(const protocol::Call& call, std::chrono::milliseconds timeout, ReplyHandler handler) {
  calls_.push_back({protocol::request_text(call), timeout, !call.success_response, std::move(handler)});
}

short LibvirtConnection::events() const { return calls_.empty() ? short{0} : short{POLLIN}; }

Deadline LibvirtConnection::deadline() const { return calls_.empty() ? Deadline::max() : Deadline::min(); }

void LibvirtConnection::process() {
  if (calls_.empty()) return;
  const Pending call = std::move(calls_.front());
  calls_.pop_front();
  call.handler(ask(call));
}

Reply LibvirtConnection::ask(const Pending& call) {
  const LibvirtLibrary& library = handles_->library;
  const std::unique_ptr<char, decltype(&std::free)> text(
      library.agent_command(handles_->domain, call.request.c_str(), whole_seconds(call.timeout), 0), &std::free);
  if (text == nullptr) {
    Error error = agent_error(library);
    // No answer is what such a command gives on success.
    if (call.quiet && error.kind == Error::Kind::kTimedOut) return Reply{std::nullopt};
    return error;
  }
  std::string_view rest = text.get();
  auto message = ReplyReader().next(rest);
  if (!message) return Error{"libvirt passed on something that is no reply"};
  if (!*message) return std::move(*message).error();
  return std::optional(**std::move(message));
}

}  // namespace guestd::client
