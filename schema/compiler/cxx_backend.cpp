// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_backend.hpp"

#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema {

std::vector<GeneratedFile> generate_cxx(const Schema& schema, std::string_view name_space, CxxRole role,
                                        Diagnostics& diagnostics) {
  const auto plan = cxx::make_plan(schema, name_space, role, diagnostics);
  if (diagnostics.any()) return {};
  std::vector<GeneratedFile> files{
      {"types.hpp", cxx::types_header(plan)},   {"types.cpp", cxx::types_source(plan)},
      {"decode.hpp", cxx::decode_header(plan)}, {"decode.cpp", cxx::decode_source(plan)},
      {"encode.hpp", cxx::encode_header(plan)}, {"encode.cpp", cxx::encode_source(plan)},
      {"events.hpp", cxx::events_header(plan)}, {"events.cpp", cxx::events_source(plan)},
  };
  if (role == CxxRole::kClient) {
    files.push_back({"calls.hpp", cxx::calls_header(plan)});
    files.push_back({"calls.cpp", cxx::calls_source(plan)});
  } else {
    files.push_back({"commands.hpp", cxx::commands_header(plan)});
    files.push_back({"dispatch.cpp", cxx::dispatch_source(plan)});
  }
  return files;
}

}  // namespace guestd::schema
