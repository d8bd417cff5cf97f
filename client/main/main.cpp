// SPDX-License-Identifier: Apache-2.0
#include "client/main/run.hpp"

int main(int argc, char** argv) { return guestd::guestctl::run(argc, argv); }
