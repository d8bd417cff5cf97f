// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include "client/main/run.hpp"

int main(int argc, char** argv) {
  // Messages of a copy come and go. Given back to the system each time, their pages would be what a copy costs most; a
  // process that ends soon may keep them.
  constexpr int kKeptBytes = 32 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  return guestd::guestctl::run(argc, argv);
}
