// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/docs_backend.hpp"

#include <filesystem>

#include "schema/compiler/examples.hpp"

namespace guestd::schema {

bool is_docs_format(std::string_view format) { return format == "markdown" || format == "man" || format == "examples"; }

std::string generate_docs(const Schema& schema, std::string_view format, std::string_view path,
                          Diagnostics& diagnostics) {
  if (format == "man") return generate_man(schema, std::filesystem::path(path).stem().string() + "-commands");
  if (format == "markdown") return generate_markdown(schema);
  check_examples(schema, diagnostics);
  return generate_transcript(schema);
}

}  // namespace guestd::schema
