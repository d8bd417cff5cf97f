// SPDX-License-Identifier: Apache-2.0
#include "platform/sha256.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "platform/linux/nettle.hpp"

namespace guestd::platform {

struct Sha256::State {
  Nettle nettle{};
  sha256_ctx sums{};
};

Sha256::Sha256(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Result<Sha256> Sha256::create() {
  auto nettle = find_nettle();
  if (!nettle) {
    return Error::unsupported(std::string("the guest has no ") + kNettleLibrary + ", which computes checksums");
  }
  auto state = std::make_unique<State>(State{std::move(*nettle)});
  state->nettle.init(&state->sums);
  return Sha256(std::move(state));
}

void Sha256::add(std::span<const std::byte> bytes) {
  state_->nettle.update(&state_->sums, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::string Sha256::finish() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> sum{};
  state_->nettle.digest(&state_->sums, sum.size(), sum.data());
  std::string text;
  for (const unsigned byte : sum) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

}  // namespace guestd::platform
