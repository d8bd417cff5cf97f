// SPDX-License-Identifier: Apache-2.0
#include <systemd/sd-bus.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <type_traits>
#include <utility>

#include "platform/linux/shared_library.hpp"
#include "platform/system_bus.hpp"

namespace guestd::platform {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Microseconds = std::chrono::microseconds;

/// sd-bus. Opened once and kept: libsystemd cannot be unloaded.
struct Library {
  /// Null if the guest lacks it.
  static const Library* load() {
    static const Library kLibrary;
    return kLibrary.complete_ ? &kLibrary : nullptr;
  }

  decltype(&sd_bus_new) bus_new = nullptr;
  decltype(&sd_bus_set_address) set_address = nullptr;
  decltype(&sd_bus_set_fd) set_fd = nullptr;
  decltype(&sd_bus_set_bus_client) set_bus_client = nullptr;
  decltype(&sd_bus_start) start = nullptr;
  decltype(&sd_bus_is_ready) is_ready = nullptr;
  decltype(&sd_bus_process) process = nullptr;
  decltype(&sd_bus_wait) wait = nullptr;
  decltype(&sd_bus_close_unref) close_unref = nullptr;
  decltype(&sd_bus_call) call = nullptr;
  decltype(&sd_bus_error_free) error_free = nullptr;
  decltype(&sd_bus_message_new_method_call) new_method_call = nullptr;
  decltype(&sd_bus_message_append_basic) append_basic = nullptr;
  decltype(&sd_bus_message_append_array) append_array = nullptr;
  decltype(&sd_bus_message_open_container) open_container = nullptr;
  decltype(&sd_bus_message_close_container) close_container = nullptr;
  decltype(&sd_bus_message_peek_type) peek_type = nullptr;
  decltype(&sd_bus_message_read_basic) read_basic = nullptr;
  decltype(&sd_bus_message_skip) skip = nullptr;
  decltype(&sd_bus_message_enter_container) enter_container = nullptr;
  decltype(&sd_bus_message_exit_container) exit_container = nullptr;
  decltype(&sd_bus_message_unref) message_unref = nullptr;

 private:
  Library() {
    complete_ =
        file_.find(bus_new, "sd_bus_new") && file_.find(set_address, "sd_bus_set_address") &&
        file_.find(set_fd, "sd_bus_set_fd") && file_.find(set_bus_client, "sd_bus_set_bus_client") &&
        file_.find(start, "sd_bus_start") && file_.find(is_ready, "sd_bus_is_ready") &&
        file_.find(process, "sd_bus_process") && file_.find(wait, "sd_bus_wait") &&
        file_.find(close_unref, "sd_bus_close_unref") && file_.find(call, "sd_bus_call") &&
        file_.find(error_free, "sd_bus_error_free") && file_.find(new_method_call, "sd_bus_message_new_method_call") &&
        file_.find(append_basic, "sd_bus_message_append_basic") &&
        file_.find(append_array, "sd_bus_message_append_array") &&
        file_.find(open_container, "sd_bus_message_open_container") &&
        file_.find(close_container, "sd_bus_message_close_container") &&
        file_.find(peek_type, "sd_bus_message_peek_type") && file_.find(read_basic, "sd_bus_message_read_basic") &&
        file_.find(skip, "sd_bus_message_skip") && file_.find(enter_container, "sd_bus_message_enter_container") &&
        file_.find(exit_container, "sd_bus_message_exit_container") &&
        file_.find(message_unref, "sd_bus_message_unref");
  }

  SharedLibrary file_{"libsystemd.so.0"};
  bool complete_ = false;
};

constexpr const char* kNoLibrary = "libsystemd is not installed";

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_close_unref)>;
using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

/// A failure of a step on the way to the bus. That there is none, or that nobody listens, is no fault of the guest's.
Error connect_error(int code) {
  Error error = Error::from_errno("cannot connect to the system bus", code);
  if (code == ENOENT || code == ECONNREFUSED) error.kind = Error::Kind::kUnsupported;
  return error;
}

/// Values out of a message, in the order of the wire.
class Reader {
 public:
  Reader(const Library& library, sd_bus_message* message) : library_(library), message_(message) {}

  /// All that is left of the message or of the container that was entered.
  Result<BusValue::List> rest() {
    BusValue::List values;
    while (true) {
      char type = 0;
      const char* contents = nullptr;
      const int more = library_.peek_type(message_, &type, &contents);
      if (more < 0) return Error::from_errno("the answer cannot be read", -more);
      if (more == 0) return values;
      if (++count_ > kBusValues) return Error{"the answer holds too many values", EMSGSIZE};
      auto value = next(type, contents);
      if (!value) return std::move(value).error();
      values.push_back(*std::move(value));
    }
  }

 private:
  // D-Bus allows 64 containers in each other, so this does not go deep.
  Result<BusValue> next(char type, const char* contents) {
    switch (type) {
      case SD_BUS_TYPE_ARRAY:
      case SD_BUS_TYPE_STRUCT:
      case SD_BUS_TYPE_DICT_ENTRY:
      case SD_BUS_TYPE_VARIANT:
        return container(type, contents);
      case SD_BUS_TYPE_STRING:
      case SD_BUS_TYPE_OBJECT_PATH:
      case SD_BUS_TYPE_SIGNATURE:
        return basic<const char*>(type, [](const char* text) { return std::string(text); });
      case SD_BUS_TYPE_BOOLEAN:
        return basic<int>(type, [](int value) { return value != 0; });
      case SD_BUS_TYPE_BYTE:
        return basic<std::uint8_t>(type, [](auto value) { return std::uint64_t{value}; });
      case SD_BUS_TYPE_UINT16:
        return basic<std::uint16_t>(type, [](auto value) { return std::uint64_t{value}; });
      case SD_BUS_TYPE_UINT32:
        return basic<std::uint32_t>(type, [](auto value) { return std::uint64_t{value}; });
      case SD_BUS_TYPE_UINT64:
        return basic<std::uint64_t>(type, [](auto value) { return value; });
      case SD_BUS_TYPE_INT16:
        return basic<std::int16_t>(type, [](auto value) { return std::int64_t{value}; });
      case SD_BUS_TYPE_INT32:
        return basic<std::int32_t>(type, [](auto value) { return std::int64_t{value}; });
      case SD_BUS_TYPE_INT64:
        return basic<std::int64_t>(type, [](auto value) { return value; });
      case SD_BUS_TYPE_DOUBLE:
        return basic<double>(type, [](double value) { return value; });
      default:
        return skipped(type);
    }
  }

  template <typename Raw, typename Convert>
  Result<BusValue> basic(char type, Convert convert) {
    Raw raw{};
    const int result = library_.read_basic(message_, type, &raw);
    if (result < 0) return Error::from_errno("the answer cannot be read", -result);
    return BusValue{convert(raw)};
  }

  Result<BusValue> skipped(char type) {
    const char types[] = {type, 0};
    const int result = library_.skip(message_, types);
    if (result < 0) return Error::from_errno("the answer cannot be read", -result);
    return BusValue{false};
  }

  Result<BusValue> container(char type, const char* contents) {
    int result = library_.enter_container(message_, type, contents);
    if (result < 0) return Error::from_errno("the answer cannot be read", -result);
    auto values = rest();
    if (!values) return std::move(values).error();
    result = library_.exit_container(message_);
    if (result < 0) return Error::from_errno("the answer cannot be read", -result);
    if (type == SD_BUS_TYPE_VARIANT && values->size() == 1) return std::move(values->front());
    return BusValue{*std::move(values)};
  }

  const Library& library_;
  sd_bus_message* message_;
  std::size_t count_ = 0;
};

/// The arguments of a call. The first failure stays, and makes of what follows nothing.
class Writer {
 public:
  Writer(const Library& library, sd_bus_message* message) : library_(library), message_(message) {}

  void add(const BusArgument& argument) {
    std::visit([this](const auto& value) { put(value); }, argument);
  }
  [[nodiscard]] int result() const { return result_; }

 private:
  void take(int result) {
    if (result_ >= 0) result_ = result;
  }
  template <typename Value>
  void basic(char type, const Value* value) {
    if (result_ >= 0) result_ = library_.append_basic(message_, type, value);
  }
  void put(bool value) {
    const int number = value ? 1 : 0;
    basic(SD_BUS_TYPE_BOOLEAN, &number);
  }
  void put(std::uint32_t value) { basic(SD_BUS_TYPE_UINT32, &value); }
  void put(std::int32_t value) { basic(SD_BUS_TYPE_INT32, &value); }
  void put(std::uint64_t value) { basic(SD_BUS_TYPE_UINT64, &value); }
  void put(std::int64_t value) { basic(SD_BUS_TYPE_INT64, &value); }
  void put(const std::string& value) {
    if (value.find('\0') != std::string::npos) return take(-EINVAL);
    basic(SD_BUS_TYPE_STRING, value.c_str());
  }
  void put(const std::vector<std::uint32_t>& values) {
    if (result_ < 0) return;
    result_ = library_.append_array(message_, SD_BUS_TYPE_UINT32, values.data(), values.size() * sizeof values.front());
  }
  void put(const std::vector<std::string>& values) {
    open(SD_BUS_TYPE_ARRAY, "s");
    for (const std::string& value : values) put(value);
    close();
  }
  void put(const BusProperties& properties) {
    open(SD_BUS_TYPE_ARRAY, "(sv)");
    for (const BusProperty& property : properties) {
      open(SD_BUS_TYPE_STRUCT, "sv");
      put(property.name);
      constexpr std::array kTypes{"s", "as", "au"};  // in the order of the alternatives
      open(SD_BUS_TYPE_VARIANT, kTypes[property.value.index()]);
      std::visit([this](const auto& value) { put(value); }, property.value);
      close();
      close();
    }
    close();
  }
  void put(BusNoUnits) {
    open(SD_BUS_TYPE_ARRAY, "(sa(sv))");
    close();
  }
  void open(char type, const char* contents) {
    if (result_ >= 0) result_ = library_.open_container(message_, type, contents);
  }
  void close() {
    if (result_ >= 0) result_ = library_.close_container(message_);
  }

  const Library& library_;
  sd_bus_message* message_;
  int result_ = 0;
};

class SdBusConnection final : public BusConnection {
 public:
  SdBusConnection(const Library& library, Bus bus) : library_(library), bus_(std::move(bus)) {}

  Result<BusValue::List> call(const BusCall& call) override {
    auto answer = send(call);
    if (answer) {
      auto values = Reader(library_, answer->get()).rest();
      if (values) return values;
      answer = std::move(values).error();
    }
    return std::move(answer).error().with_context(call.interface + "." + call.method);
  }

 private:
  Result<Message> send(const BusCall& call) {
    sd_bus_message* made = nullptr;
    int result = library_.new_method_call(bus_.get(), &made, call.service.c_str(), call.object.c_str(),
                                          call.interface.c_str(), call.method.c_str());
    const Message request(made, library_.message_unref);
    Writer writer(library_, made);
    if (result >= 0) {
      for (const BusArgument& argument : call.arguments) writer.add(argument);
      result = writer.result();
    }
    if (result < 0) return Error::from_errno("the call cannot be made", -result);

    sd_bus_error error{};
    sd_bus_message* answer = nullptr;
    const auto limit = std::chrono::duration_cast<Microseconds>(call.time_limit).count();
    result = library_.call(bus_.get(), made, static_cast<std::uint64_t>(limit), &error, &answer);
    if (result >= 0) return Message(answer, library_.message_unref);
    Error failed = call_error(call, error, -result);
    library_.error_free(&error);
    return failed;
  }

  static Error call_error(const BusCall& call, const sd_bus_error& error, int code) {
    const std::string_view name = error.name == nullptr ? "" : error.name;
    const bool has_text = error.message != nullptr && *error.message != 0;
    Error failed = has_text ? Error{error.message, code} : Error::from_errno("no answer", code);
    if (!has_text && !name.empty()) failed.text = name;
    if (name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER) {
      failed = Error{call.service + " is not there", EHOSTUNREACH};
    } else if (name == SD_BUS_ERROR_UNKNOWN_METHOD || name == SD_BUS_ERROR_UNKNOWN_OBJECT ||
               name == SD_BUS_ERROR_UNKNOWN_INTERFACE) {
      failed.errno_value = EBADR;
    }
    if (failed.errno_value == EHOSTUNREACH || failed.errno_value == EBADR) failed.kind = Error::Kind::kUnsupported;
    return failed;
  }

  const Library& library_;
  Bus bus_;
};

/// Starts it and waits until the other side has let us in. sd_bus_call() would do the second by itself, but would wait
/// for a minute and a half for a peer that says nothing.
Result<std::unique_ptr<BusConnection>> start(const Library& library, Bus bus) {
  const auto deadline = SteadyClock::now() + kBusConnectLimit;
  int result = library.start(bus.get());
  while (result >= 0) {
    result = library.is_ready(bus.get());
    if (result > 0) return std::unique_ptr<BusConnection>(std::make_unique<SdBusConnection>(library, std::move(bus)));
    if (result == 0) result = library.process(bus.get(), nullptr);
    if (result != 0) continue;
    const auto left = std::chrono::duration_cast<Microseconds>(deadline - SteadyClock::now()).count();
    result = left <= 0 ? -ETIMEDOUT : library.wait(bus.get(), static_cast<std::uint64_t>(left));
  }
  return connect_error(-result);
}

class SdSystemBus final : public SystemBus {
 public:
  [[nodiscard]] Result<std::unique_ptr<BusConnection>> connect() const override {
    const Library* library = Library::load();
    if (library == nullptr) return Error::unsupported(kNoLibrary);
    sd_bus* made = nullptr;
    int result = library->bus_new(&made);
    Bus bus(made, library->close_unref);
    // The variable is that of the D-Bus specification.
    const char* address = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
    if (address == nullptr || *address == 0) address = "unix:path=/run/dbus/system_bus_socket";
    if (result >= 0) result = library->set_address(made, address);
    if (result >= 0) result = library->set_bus_client(made, 1);
    if (result < 0) return connect_error(-result);
    return start(*library, std::move(bus));
  }
};

}  // namespace

std::unique_ptr<SystemBus> system_bus() { return std::make_unique<SdSystemBus>(); }

Result<std::unique_ptr<BusConnection>> connect_to_bus_peer(UniqueFd socket) {
  const Library* library = Library::load();
  if (library == nullptr) return Error::unsupported(kNoLibrary);
  sd_bus* made = nullptr;
  int result = library->bus_new(&made);
  Bus bus(made, library->close_unref);
  if (result >= 0) result = library->set_fd(made, socket.get(), socket.get());
  if (result < 0) return connect_error(-result);
  (void)socket.release();  // the bus closes it
  return start(*library, std::move(bus));
}

}  // namespace guestd::platform
