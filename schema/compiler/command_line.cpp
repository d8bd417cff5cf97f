// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/command_line.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "schema/compiler/checker.hpp"
#include "schema/compiler/compat.hpp"
#include "schema/compiler/cxx_backend.hpp"
#include "schema/compiler/docs_backend.hpp"
#include "schema/compiler/introspection.hpp"
#include "schema/compiler/loader.hpp"

namespace guestd::schema {
namespace {

constexpr int kGood = 0;
constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

/// A command line, taken apart.
struct Request {
  std::vector<std::string> words;              // without the verb
  std::map<std::string, std::string> options;  // --name VALUE, without the dashes
  std::set<std::string> flags;                 // --name
  Dialect dialect;

  [[nodiscard]] std::string option(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::string() : found->second;
  }
};

/// A schema with all that its errors refer to.
struct Compiled {
  Sources sources;
  Diagnostics diagnostics;
  Schema schema;
};

/// Writes only what has changed, so that nothing is rebuilt without need.
bool write_file(const std::filesystem::path& path, const std::string& text) {
  std::ifstream old(path, std::ios::binary);
  std::ostringstream content;
  if (old) content << old.rdbuf();
  if (old && content.str() == text) return true;
  std::ofstream stream(path, std::ios::binary);
  stream << text;
  stream.close();
  if (stream) return true;
  std::cerr << "qapi-compiler: cannot write '" << path.string() << "'\n";
  return false;
}

/// Writes to a file, or to the standard output if none is named.
int write_text(const std::string& path, const std::string& text) {
  if (!path.empty()) return write_file(path, text) ? kGood : kFailed;
  std::cout << text << std::flush;
  return std::cout ? kGood : kFailed;
}

/// Reads and checks a schema; what is to be said about it goes to the standard error. False if it is not good.
bool compile(Compiled& compiled, const std::string& path, Dialect dialect) {
  const auto main = compiled.sources.load(path);
  if (!main) {
    std::cerr << "qapi-compiler: " << main.error().text << '\n';
    return false;
  }
  const auto loaded = load(compiled.sources, *main, dialect, compiled.diagnostics);
  compiled.schema = check(loaded, dialect, compiled.diagnostics);
  std::cerr << compiled.diagnostics.report(compiled.sources);
  return !compiled.diagnostics.any();
}

int run_check(const Request& request) {
  Compiled compiled;
  if (!compile(compiled, request.words[0], request.dialect)) return kFailed;
  const auto counts = count_definitions(compiled.schema);
  std::ostringstream text;
  text << request.words[0] << ": " << counts.commands << " commands, " << counts.events << " events, " << counts.structs
       << " structs, " << counts.enums << " enums, " << counts.unions << " unions, " << counts.alternates
       << " alternates\n";
  return write_text("", text.str());
}

int write_files(const std::vector<GeneratedFile>& files, const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  for (const auto& file : files) {
    if (!write_file(folder / file.name, file.text)) return kFailed;
  }
  return kGood;
}

int run_cxx(const Request& request) {
  Compiled compiled;
  if (!compile(compiled, request.words[0], request.dialect)) return kFailed;
  name_families(compiled.schema, compiled.sources);
  const auto role = request.flags.contains("client") ? CxxRole::kClient : CxxRole::kServer;
  const auto files = generate_cxx(compiled.schema, request.option("namespace"), role, compiled.diagnostics);
  if (compiled.diagnostics.any()) {
    std::cerr << compiled.diagnostics.report(compiled.sources);
    return kFailed;
  }
  return write_files(files, request.option("out"));
}

int run_introspect(const Request& request) {
  if (request.options.contains("namespace") && !request.options.contains("out")) {
    std::cerr << "qapi-compiler: --namespace needs --out, the folder for the source\n";
    return kBadUsage;
  }
  Compiled compiled;
  if (!compile(compiled, request.words[0], request.dialect)) return kFailed;
  const auto entries = introspect(compiled.schema, {request.flags.contains("unmask"), request.option("without")});
  const auto name_space = request.option("namespace");
  if (name_space.empty()) return write_text(request.option("out"), introspection_array(entries));
  return write_files(introspection_cxx(entries, name_space), request.option("out"));
}

int run_compat(const Request& request) {
  Compiled before;
  Compiled now;
  const bool sound = compile(before, request.words[0], request.dialect);
  if (!compile(now, request.words[1], request.dialect) || !sound) return kFailed;
  const auto changes = compare(before.schema, now.schema);
  std::ostringstream text;
  for (const auto& change : changes) {
    const auto& sources = change.in_old ? before.sources : now.sources;
    text << sources.file(change.position.file).path << ':' << change.position.line
         << (change.breaking ? ": breaking: " : ": note: ") << change.text << '\n';
  }
  const bool breaks = std::any_of(changes.begin(), changes.end(), [](const Change& change) { return change.breaking; });
  return write_text("", text.str()) == kGood && !breaks ? kGood : kFailed;
}

int run_docs(const Request& request) {
  if (!is_docs_format(request.option("format"))) {
    std::cerr << "qapi-compiler: unknown format '" << request.option("format") << "'\n";
    return kBadUsage;
  }
  Compiled compiled;
  const auto& path = request.words[0];
  if (!compile(compiled, path, request.dialect)) return kFailed;
  const auto text = generate_docs(compiled.schema, request.option("format"), path, compiled.diagnostics);
  if (compiled.diagnostics.any()) {
    std::cerr << compiled.diagnostics.report(compiled.sources);
    return kFailed;
  }
  return write_text(request.option("out"), text);
}

/// What a verb takes. Each takes the flags of Dialect too.
struct Verb {
  std::string_view name;
  std::vector<std::string_view> words;
  std::vector<std::string_view> needed;    // options with a value that must be there
  std::vector<std::string_view> optional;  // options with a value
  std::vector<std::string_view> flags;
  int (*run)(const Request& request);
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs{
      {"check", {"SCHEMA"}, {}, {}, {}, run_check},
      {"c++", {"SCHEMA"}, {"out", "namespace"}, {}, {"client"}, run_cxx},
      {"docs", {"SCHEMA"}, {"format"}, {"out"}, {}, run_docs},
      {"introspect", {"SCHEMA"}, {}, {"out", "without", "namespace"}, {"unmask"}, run_introspect},
      {"compat", {"OLD", "NEW"}, {}, {}, {}, run_compat},
  };
  return kVerbs;
}

std::string usage() {
  std::ostringstream text;
  text << "usage: qapi-compiler VERB... [--legacy] [--partial]\n";
  for (const auto& verb : verbs()) {
    text << "       qapi-compiler " << verb.name;
    for (const auto word : verb.words) text << ' ' << word;
    for (const auto option : verb.needed) text << " --" << option << " VALUE";
    for (const auto option : verb.optional) text << " [--" << option << " VALUE]";
    for (const auto flag : verb.flags) text << " [--" << flag << ']';
    text << '\n';
  }
  return text.str();
}

bool has(const std::vector<std::string_view>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

const Verb* find_verb(std::string_view name) {
  const auto found = std::find_if(verbs().begin(), verbs().end(), [&](const Verb& verb) { return verb.name == name; });
  return found == verbs().end() ? nullptr : &*found;
}

/// The first word that is not an option, which may stand behind flags.
const Verb* find_verb(const std::vector<std::string>& arguments) {
  const auto first =
      std::find_if(arguments.begin(), arguments.end(), [](const auto& each) { return !each.starts_with("--"); });
  return first == arguments.end() ? nullptr : find_verb(*first);
}

/// Takes the flag at `name`, or the option there and its value, which makes `index` go on. False if it is unknown.
bool take_option(const Verb& verb, const std::vector<std::string>& arguments, std::size_t& index, Request& request) {
  const auto name = arguments[index].substr(2);
  if (name == "legacy" || name == "partial") {
    (name == "legacy" ? request.dialect.legacy : request.dialect.partial) = true;
    return true;
  }
  if (has(verb.flags, name)) {
    request.flags.insert(name);
    return true;
  }
  if (!has(verb.needed, name) && !has(verb.optional, name)) return false;
  if (++index == arguments.size()) return false;
  return request.options.emplace(name, arguments[index]).second;
}

std::optional<Request> parse(const Verb& verb, const std::vector<std::string>& arguments) {
  Request request;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    if (!arguments[index].starts_with("--")) {
      request.words.push_back(arguments[index]);
    } else if (!take_option(verb, arguments, index, request)) {
      return std::nullopt;
    }
  }
  request.words.erase(request.words.begin());  // the verb
  const bool complete = std::all_of(verb.needed.begin(), verb.needed.end(),
                                    [&](auto name) { return request.options.contains(std::string(name)); });
  if (!complete || request.words.size() != verb.words.size()) return std::nullopt;
  return request;
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  const Verb* verb = find_verb(arguments);
  const auto request = verb != nullptr ? parse(*verb, arguments) : std::nullopt;
  if (request) return verb->run(*request);
  std::cerr << usage();
  return kBadUsage;
}

}  // namespace guestd::schema
