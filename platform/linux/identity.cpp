// SPDX-License-Identifier: Apache-2.0
#include "platform/identity.hpp"

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/replace_file.hpp"

namespace guestd::platform {
namespace {

class RealIdentity final : public Identity {
 public:
  Result<void> add_entropy(std::span<const std::byte> bytes, int credited_bits) override {
    // struct rand_pool_info: two numbers, and then the bytes.
    const std::array<int, 2> head{credited_bits, static_cast<int>(bytes.size())};
    std::vector<int> request(head.size() + (bytes.size() + sizeof(int) - 1) / sizeof(int));
    std::memcpy(request.data(), head.data(), sizeof head);
    if (!bytes.empty()) std::memcpy(request.data() + head.size(), bytes.data(), bytes.size());
    return control(RNDADDENTROPY, request.data(), "cannot add to the random pool");
  }
  Result<void> reseed() override { return control(RNDRESEEDCRNG, nullptr, "cannot begin the random numbers anew"); }

  Result<std::array<std::byte, 16>> draw() override {
    std::array<std::byte, 16> numbers{};
    if (::getrandom(numbers.data(), numbers.size(), 0) != static_cast<ssize_t>(numbers.size()))
      return Error::from_errno("cannot draw random numbers", errno);
    return numbers;
  }

  Result<void> replace_machine_id(const std::string& id) override {
    static const std::string kPath = "/etc/machine-id";
    auto replaced = replace_file(kPath, id + "\n");
    if (!replaced) return replaced;
    if (::chmod(kPath.c_str(), 0444) != 0) return Error::from_errno("cannot make " + kPath + " readable", errno);
    return {};
  }

 private:
  [[nodiscard]] Result<void> control(unsigned long request, void* argument, const char* what) const {
    const auto device = root_.open("/dev/urandom", O_WRONLY);
    if (!device) return Error{device.error()}.with_context(what);
    if (::ioctl(device->get(), request, argument) != 0) return Error::from_errno(what, errno);
    return {};
  }

  Root root_ = Root::system();
};

class RefusingIdentity final : public Identity {
 public:
  explicit RefusingIdentity(std::string reason) : reason_(std::move(reason)) {}

  Result<void> add_entropy(std::span<const std::byte>, int) override { return refused(); }
  Result<void> reseed() override { return refused(); }
  Result<std::array<std::byte, 16>> draw() override { return refused(); }
  Result<void> replace_machine_id(const std::string&) override { return refused(); }

 private:
  [[nodiscard]] Error refused() const { return Error{"the identity is left alone: " + reason_}; }

  std::string reason_;
};

}  // namespace

std::unique_ptr<Identity> system_identity(const Root& root) {
  if (!root.is_system()) return refusing_identity("this is a fixture");
  return std::make_unique<RealIdentity>();
}

std::unique_ptr<Identity> refusing_identity(std::string reason) {
  return std::make_unique<RefusingIdentity>(std::move(reason));
}

Result<void> renew_random_numbers(Identity& identity, std::span<const std::byte> fresh, std::int64_t now_ns) {
  // Not credited: two clones of one snapshot may draw the same numbers, and at the same time.
  const auto drawn = identity.draw();
  if (!drawn) return drawn.error();
  if (auto mixed = identity.add_entropy(std::as_bytes(std::span(&now_ns, 1)), 0); !mixed) return mixed;
  if (auto mixed = identity.add_entropy(*drawn, 0); !mixed) return mixed;
  if (!fresh.empty()) {
    if (auto mixed = identity.add_entropy(fresh, static_cast<int>(fresh.size() * 8)); !mixed) return mixed;
  }
  return identity.reseed();
}

Result<std::string> renew_machine_id(Identity& identity) {
  auto drawn = identity.draw();
  if (!drawn) return std::move(drawn).error();
  // RFC 9562: version 4 and its variant.
  (*drawn)[6] = ((*drawn)[6] & std::byte{0x0F}) | std::byte{0x40};
  (*drawn)[8] = ((*drawn)[8] & std::byte{0x3F}) | std::byte{0x80};
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (const std::byte byte : *drawn) {
    id += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    id += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  if (auto written = identity.replace_machine_id(id); !written) return std::move(written).error();
  return id;
}

}  // namespace guestd::platform
