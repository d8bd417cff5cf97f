// SPDX-License-Identifier: Apache-2.0
#include "client/copy/checksum.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace guestd::copy {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20U;
constexpr std::size_t kDigestBytes = 32;

/// Functions of libnettle.so.8 as nettle/sha2.h declares them. What its context looks like is its own business.
struct Nettle {
  void (*init)(void* context) = nullptr;
  void (*update)(void* context, std::size_t length, const std::uint8_t* data) = nullptr;
  void (*digest)(void* context, std::size_t length, std::uint8_t* digest) = nullptr;
};

template <typename Function>
bool load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool load(Nettle& nettle) {
  void* const library = ::dlopen("libnettle.so.8", RTLD_NOW | RTLD_LOCAL);
  return library != nullptr && load(library, "nettle_sha256_init", nettle.init) &&
         load(library, "nettle_sha256_update", nettle.update) && load(library, "nettle_sha256_digest", nettle.digest);
}

}  // namespace

struct Sha256::State {
  Nettle nettle;
  /// struct sha256_ctx has 112 bytes in version 8 of the library's interface.
  alignas(std::max_align_t) std::array<std::byte, 512> context{};
};

Sha256::Sha256(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sha256::~Sha256() = default;

std::unique_ptr<Sha256> Sha256::create() {
  auto state = std::make_unique<State>();
  if (!load(state->nettle)) return nullptr;
  state->nettle.init(state->context.data());
  return std::unique_ptr<Sha256>(new Sha256(std::move(state)));
}

void Sha256::add(std::span<const char> bytes) {
  state_->nettle.update(state_->context.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::string Sha256::finish() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::uint8_t, kDigestBytes> digest{};
  state_->nettle.digest(state_->context.data(), digest.size(), digest.data());
  std::string text;
  for (const unsigned byte : digest) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

Result<std::optional<std::string>> sha256_of(int fd, std::int64_t length) {
  const auto sums = Sha256::create();
  if (!sums) return std::optional<std::string>();
  std::vector<char> piece(kPiece);
  for (std::int64_t offset = 0; offset < length;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(length - offset, kPiece));
    const ssize_t got = ::pread(fd, piece.data(), wanted, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno("cannot read for the checksum", errno);
    if (got == 0) break;
    sums->add({piece.data(), static_cast<std::size_t>(got)});
    offset += got;
  }
  return std::optional(sums->finish());
}

}  // namespace guestd::copy
