// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/model.hpp"

namespace guestd::schema {

struct GeneratedFile {
  std::string name;  // relative to the output folder
  std::string text;
};

/// For which side of the connection.
enum class CxxRole : std::uint8_t {
  kServer,  ///< decodes arguments, strictly; encodes results and events; has the command table
  kClient,  ///< encodes arguments; decodes results and events, ignoring unknown members; has stubs
};

/// The C++ of a schema: types, decode, encode and events (.hpp and .cpp each); for a server commands.hpp and
/// dispatch.cpp, for a client calls.hpp and calls.cpp; everything in the namespace `name_space` (`a::b`). The files
/// include each other by bare name and build on protocol/. A schema that cannot be expressed is reported in
/// `diagnostics`. docs/qapi-cxx.md describes what comes out.
std::vector<GeneratedFile> generate_cxx(const Schema& schema, std::string_view name_space, CxxRole role,
                                        Diagnostics& diagnostics);

}  // namespace guestd::schema
