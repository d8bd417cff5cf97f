// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/command_line.hpp"

int main(int argc, char** argv) { return guestd::schema::run_command_line({argv + 1, argv + argc}); }
