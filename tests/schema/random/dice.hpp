// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace guestd::schema::random {

/// The same numbers for the same seed, whichever standard library is used (distributions differ).
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}

  /// 0 to `sides` - 1.
  std::size_t roll(std::size_t sides) { return engine_() % sides; }
  /// True `percent` times of a hundred.
  bool chance(std::size_t percent) { return roll(100) < percent; }
  template <typename T>
  const T& pick(const std::vector<T>& from) {
    return from[roll(from.size())];
  }
  template <typename T>
  void shuffle(std::vector<T>& all) {
    for (std::size_t left = all.size(); left > 1; --left) std::swap(all[left - 1], all[roll(left)]);
  }

 private:
  std::mt19937 engine_;
};

}  // namespace guestd::schema::random
