// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

void finish(Compiled& compiled, std::uint32_t main) {
  compiled.loaded = load(compiled.sources, main, compiled.dialect, compiled.diagnostics);
  compiled.schema = check(compiled.loaded, compiled.dialect, compiled.diagnostics);
}

}  // namespace

Compiled compile(const std::string& text, Dialect dialect) {
  Compiled compiled;
  compiled.dialect = dialect;
  finish(compiled, compiled.sources.add("test.json", text));
  return compiled;
}

Compiled compile_file(const std::string& path, Dialect dialect) {
  Compiled compiled;
  compiled.dialect = dialect;
  const auto main = compiled.sources.load(path);
  if (main) {
    finish(compiled, *main);
  } else {
    compiled.diagnostics.error({compiled.sources.add(path, ""), 1}, main.error().text);
  }
  return compiled;
}

}  // namespace guestd::schema
