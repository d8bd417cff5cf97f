// SPDX-License-Identifier: Apache-2.0
// From text to the model of a schema, in every dialect: either it is good and the model can be walked, or it is
// reported in lines of one form, of which there are not too many. What today's language takes, the others take as well.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "schema/compiler/checker.hpp"
#include "schema/compiler/loader.hpp"
#include "schema/compiler/model.hpp"

namespace {

namespace schema = guestd::schema;

void require(bool condition) {
  if (!condition) std::abort();
}

/// The files that an input is made of, parted by lines of `%%`: main.json, 1.json, 2.json, ...
std::vector<std::string> split_files(std::string_view input) {
  constexpr std::string_view kBorder = "\n%%\n";
  std::vector<std::string> files;
  while (true) {
    const auto end = input.find(kBorder);
    files.emplace_back(input.substr(0, end));
    if (end == std::string_view::npos) return files;
    input.remove_prefix(end + kBorder.size());
  }
}

struct Compiled {
  schema::Sources sources;
  schema::Diagnostics diagnostics;
  schema::Schema model;
};

void compile(Compiled& compiled, const std::vector<std::string>& files, schema::Dialect dialect) {
  compiled.sources = schema::Sources([&](const std::string& path) -> guestd::Result<std::string> {
    for (std::size_t index = 1; index < files.size(); ++index) {
      if (path == std::to_string(index) + ".json") return files[index];
    }
    return guestd::Error{"cannot read '" + path + "'"};
  });
  const auto main = compiled.sources.add("main.json", files[0]);
  const auto loaded = schema::load(compiled.sources, main, dialect, compiled.diagnostics);
  compiled.model = schema::check(loaded, dialect, compiled.diagnostics);
}

void check_reports(const Compiled& compiled) {
  const auto lines = compiled.diagnostics.lines(compiled.sources);
  require(lines.size() <= 2 * schema::Diagnostics::kMaxEntries + 1);
  for (const auto& line : lines) {
    require(line.starts_with("too many ") || line.find(": error: ") != std::string::npos ||
            line.find(": warning: ") != std::string::npos);
  }
  require(compiled.diagnostics.report(compiled.sources).empty() == lines.empty());
}

void walk(const schema::Schema& model) {
  for (const auto& type : model.types) {
    require(type->name.empty() || model.find_type(type->name) == type.get());
    const auto* object = type->object();
    if (object == nullptr) continue;
    for (const auto* member : schema::all_members(*object)) {
      require(member->use.type != nullptr && schema::find_member(*object, member->name) == member);
    }
    for (const auto& branch : object->branches) {
      require(branch.type != nullptr && schema::find_branch(*object, branch.name) != nullptr);
    }
  }
  for (const auto& command : model.commands) require(!command->name.empty());
  for (const auto& event : model.events) require(!event->name.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = split_files({reinterpret_cast<const char*>(data), size});
  bool good_today = false;
  schema::Counts counts;
  for (const auto dialect : {schema::Dialect{}, {true, false}, {false, true}, {true, true}}) {
    Compiled compiled;
    compile(compiled, files, dialect);
    check_reports(compiled);
    const bool good = !compiled.diagnostics.any();
    const bool today = !dialect.legacy && !dialect.partial;
    if (good) walk(compiled.model);
    if (today && good) {
      good_today = true;
      counts = schema::count_definitions(compiled.model);
    }
    if (good_today) require(good && schema::count_definitions(compiled.model) == counts);
  }
  return 0;
}
