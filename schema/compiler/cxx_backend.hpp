// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/model.hpp"

namespace guestd::schema {

struct GeneratedFile {
  std::string name;  // relative to the output folder
  std::string text;
};

/// The C++ of a server: types.hpp, types.cpp, commands.hpp, decode.hpp, decode.cpp, encode.hpp, encode.cpp,
/// dispatch.cpp, with everything in the namespace `name_space` (`a::b`). They include each other by bare name and build
/// on protocol/. A schema that cannot be expressed is reported in `diagnostics`.
std::vector<GeneratedFile> generate_cxx(const Schema& schema, std::string_view name_space, Diagnostics& diagnostics);

}  // namespace guestd::schema
