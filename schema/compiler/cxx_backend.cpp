// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_backend.hpp"

#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema {

std::vector<GeneratedFile> generate_cxx(const Schema& schema, std::string_view name_space, Diagnostics& diagnostics) {
  cxx::check_clashes(schema, diagnostics);
  if (diagnostics.any()) return {};
  const auto plan = cxx::make_plan(schema, name_space, diagnostics);
  if (diagnostics.any()) return {};
  return {
      {"types.hpp", cxx::types_header(plan)},       {"types.cpp", cxx::types_source(plan)},
      {"decode.hpp", cxx::decode_header(plan)},     {"decode.cpp", cxx::decode_source(plan)},
      {"encode.hpp", cxx::encode_header(plan)},     {"encode.cpp", cxx::encode_source(plan)},
      {"commands.hpp", cxx::commands_header(plan)}, {"dispatch.cpp", cxx::dispatch_source(plan)},
  };
}

}  // namespace guestd::schema
