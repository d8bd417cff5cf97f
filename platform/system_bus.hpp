// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::platform {

/// A property of something that is made: (sv) of D-Bus, with a value of type s, as or au.
struct BusProperty {
  std::string name;
  std::variant<std::string, std::vector<std::string>, std::vector<std::uint32_t>> value;
};
using BusProperties = std::vector<BusProperty>;
/// No further units beside the one that is made: an empty a(sa(sv)).
struct BusNoUnits {};

/// One argument of a call. The alternatives are the types b, u, i, t, x, s, au, a(sv) and a(sa(sv)) of D-Bus; text is
/// UTF-8 without NUL.
using BusArgument = std::variant<bool, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, std::string,
                                 std::vector<std::uint32_t>, BusProperties, BusNoUnits>;

/// A call of a method, as in busctl(1): service, object, interface, method.
struct BusCall {
  std::string service;
  std::string object;
  std::string interface;
  std::string method;
  std::vector<BusArgument> arguments{};
  std::chrono::milliseconds time_limit{std::chrono::seconds(5)};
};

/// What a method returns. Integers of all widths are 64 bits wide here, paths and signatures are text, arrays,
/// structures and dictionary entries are lists of what they hold (so a{sv} is a list of lists of two), and a variant is
/// the value in it. File descriptors are left out: they become `false`.
struct BusValue {
  using List = std::vector<BusValue>;
  std::variant<bool, std::uint64_t, std::int64_t, double, std::string, List> value{};

  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&value); }
  [[nodiscard]] const List* list() const { return std::get_if<List>(&value); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&value); }
  [[nodiscard]] const std::uint64_t* number() const { return std::get_if<std::uint64_t>(&value); }
};

/// The member of a dictionary with text as keys (a{sv}); null if it has none of that name or is no dictionary.
const BusValue* find_member(const BusValue& dictionary, std::string_view key);

/// An answer holds at most so many values, lists and their elements together; more is an error. A guest with ten
/// thousand sessions stays below it.
inline constexpr std::size_t kBusValues = 100'000;

/// One connection to the bus. One thread at a time.
class BusConnection {
 public:
  virtual ~BusConnection() = default;
  /// Waits for the answer, no longer than the call's time limit. Polkit is never asked to ask somebody.
  ///
  /// The error has the form `<interface>.<method>: <reason>`. errno_value tells the kinds apart: EHOSTUNREACH no such
  /// service, EBADR no such method, EACCES not allowed, ETIMEDOUT no answer in time; the first two of them are
  /// Kind::kUnsupported.
  virtual Result<BusValue::List> call(const BusCall& call) = 0;
};

/// The way to the bus that services such as logind are on. Thread-safe.
class SystemBus {
 public:
  virtual ~SystemBus() = default;
  /// A new connection: cheap enough to be made for one command, so that an idle agent has none. Bounded by
  /// kBusConnectLimit. Without a bus, or without the library, the error is Kind::kUnsupported.
  [[nodiscard]] virtual Result<std::unique_ptr<BusConnection>> connect() const = 0;
};

inline constexpr std::chrono::seconds kBusConnectLimit{5};

/// The real one, by libsystemd, which is opened with the first connection.
std::unique_ptr<SystemBus> system_bus();

/// A machine without a bus, with `reason` as the error.
std::unique_ptr<SystemBus> no_system_bus(std::string reason);

/// A connection to a single peer at the other end of a stream socket, without a bus in between.
Result<std::unique_ptr<BusConnection>> connect_to_bus_peer(UniqueFd socket);

}  // namespace guestd::platform
