// SPDX-License-Identifier: Apache-2.0
#include "platform/sha256.hpp"

#include <nettle/sha2.h>
#include <nettle/version.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "platform/linux/shared_library.hpp"

namespace guestd::platform {

namespace {

// Its name on disk goes with the layout of sha256_ctx, and both with the header that this is built with.
static_assert(NETTLE_VERSION_MAJOR == 3 && NETTLE_VERSION_MINOR >= 6, "which libnettle.so.N belongs to this version?");
constexpr const char* kLibrary = "libnettle.so.8";

struct Nettle {
  SharedLibrary library{kLibrary};
  decltype(&nettle_sha256_init) init = nullptr;
  decltype(&nettle_sha256_update) update = nullptr;
  decltype(&nettle_sha256_digest) digest = nullptr;

  bool open() {
    return library.find(init, "nettle_sha256_init") && library.find(update, "nettle_sha256_update") &&
           library.find(digest, "nettle_sha256_digest");
  }
};

}  // namespace

struct Sha256::State {
  Nettle nettle{};
  sha256_ctx sums{};
};

Sha256::Sha256(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Result<Sha256> Sha256::create() {
  auto state = std::make_unique<State>();
  if (!state->nettle.open()) {
    return Error::unsupported(std::string("the guest has no ") + kLibrary + ", which computes checksums");
  }
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
