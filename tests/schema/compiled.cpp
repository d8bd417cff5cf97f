// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

void finish(Compiled& compiled, std::uint32_t main) {
  compiled.loaded = load(compiled.sources, main, compiled.diagnostics);
  compiled.schema = check(compiled.loaded, compiled.diagnostics);
}

}  // namespace

Compiled compile(const std::string& text) {
  Compiled compiled;
  finish(compiled, compiled.sources.add("test.json", text));
  return compiled;
}

Compiled compile_file(const std::string& path) {
  Compiled compiled;
  const auto main = compiled.sources.load(path);
  if (main) {
    finish(compiled, *main);
  } else {
    compiled.diagnostics.error({compiled.sources.add(path, ""), 1}, main.error().text);
  }
  return compiled;
}

}  // namespace guestd::schema
