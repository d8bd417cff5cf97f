// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/command_line.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "schema/compiler/checker.hpp"
#include "schema/compiler/cxx_backend.hpp"
#include "schema/compiler/docs_backend.hpp"
#include "schema/compiler/introspection.hpp"
#include "schema/compiler/loader.hpp"

namespace guestd::schema {
namespace {

constexpr std::string_view kUsage =
    "usage: qapi-compiler check SCHEMA\n"
    "       qapi-compiler c++ SCHEMA --out DIR --namespace NS\n"
    "       qapi-compiler docs SCHEMA --format markdown [--out FILE]\n";

struct Request {
  std::string verb;
  std::string schema;
  std::map<std::string, std::string> options;
};

int usage() {
  std::cerr << kUsage;
  return 2;
}

std::optional<Request> parse(const std::vector<std::string>& arguments) {
  Request request;
  std::vector<std::string> words;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    if (!arguments[index].starts_with("--")) {
      words.push_back(arguments[index]);
    } else if (arguments[index] == "--unmask") {
      request.options[arguments[index]] = "";
    } else if (index + 1 < arguments.size()) {
      request.options[arguments[index]] = arguments[index + 1];
      ++index;
    } else {
      return std::nullopt;
    }
  }
  if (words.size() != 2) return std::nullopt;
  request.verb = words[0];
  request.schema = words[1];
  return request;
}

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

int report(const Diagnostics& diagnostics, const Sources& sources) {
  for (const auto& line : diagnostics.lines(sources)) std::cerr << line << '\n';
  return diagnostics.any() ? 1 : 0;
}

int write_files(const std::vector<GeneratedFile>& files, const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  for (const auto& file : files) {
    if (!write_file(folder / file.name, file.text)) return 1;
  }
  return 0;
}

int write_cxx(const Request& request, const Schema& schema, const Sources& sources, Diagnostics& diagnostics) {
  const auto files = generate_cxx(schema, request.options.at("--namespace"), diagnostics);
  if (diagnostics.any()) return report(diagnostics, sources);
  return write_files(files, request.options.at("--out"));
}

int write_introspection(const Request& request, const Schema& schema) {
  IntrospectionOptions options;
  options.unmask = request.options.contains("--unmask");
  if (const auto without = request.options.find("--without"); without != request.options.end()) {
    options.without = without->second;
  }
  const auto entries = introspect(schema, options);
  const auto out = request.options.find("--out");
  const auto name_space = request.options.find("--namespace");
  if (name_space != request.options.end())
    return write_files(introspection_cxx(entries, name_space->second), out->second);
  if (out != request.options.end()) return write_file(out->second, introspection_array(entries)) ? 0 : 1;
  std::cout << introspection_array(entries) << std::flush;
  return std::cout ? 0 : 1;
}

int write_docs(const Request& request, const Schema& schema) {
  const auto text = generate_markdown(schema);
  const auto out = request.options.find("--out");
  if (out != request.options.end()) return write_file(out->second, text) ? 0 : 1;
  std::cout << text << std::flush;
  return std::cout ? 0 : 1;
}

bool options_fit(const Request& request) {
  const auto& options = request.options;
  if (request.verb == "check") return options.empty();
  if (request.verb == "introspect") return !options.contains("--namespace") || options.contains("--out");
  if (request.verb == "c++") return options.size() == 2 && options.contains("--out") && options.contains("--namespace");
  if (request.verb != "docs") return false;
  const auto format = options.find("--format");
  return format != options.end() && format->second == "markdown" && options.size() == 1 + options.count("--out");
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  const auto request = parse(arguments);
  if (!request || !options_fit(*request)) return usage();
  Sources sources;
  const auto main = sources.load(request->schema);
  if (!main) {
    std::cerr << "qapi-compiler: " << main.error().text << '\n';
    return 1;
  }
  Diagnostics diagnostics;
  const auto loaded = load(sources, *main, diagnostics);
  const auto schema = check(loaded, diagnostics);
  if (diagnostics.any()) return report(diagnostics, sources);
  if (request->verb == "c++") return write_cxx(*request, schema, sources, diagnostics);
  if (request->verb == "introspect") return write_introspection(*request, schema);
  if (request->verb == "docs") return write_docs(*request, schema);
  return 0;
}

}  // namespace guestd::schema
