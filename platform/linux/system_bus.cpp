// SPDX-License-Identifier: Apache-2.0
#include "platform/system_bus.hpp"

#include <utility>

namespace guestd::platform {
namespace {

class NoSystemBus final : public SystemBus {
 public:
  explicit NoSystemBus(std::string reason) : reason_(std::move(reason)) {}

  [[nodiscard]] Result<std::unique_ptr<BusConnection>> connect() const override { return Error::unsupported(reason_); }

 private:
  std::string reason_;
};

}  // namespace

std::unique_ptr<SystemBus> no_system_bus(std::string reason) {
  return std::make_unique<NoSystemBus>(std::move(reason));
}

const BusValue* find_member(const BusValue& dictionary, std::string_view key) {
  const auto* entries = dictionary.list();
  if (entries == nullptr) return nullptr;
  for (const BusValue& entry : *entries) {
    const auto* pair = entry.list();
    if (pair == nullptr || pair->size() != 2) return nullptr;
    const std::string* name = (*pair)[0].text();
    if (name != nullptr && *name == key) return &(*pair)[1];
  }
  return nullptr;
}

}  // namespace guestd::platform
