// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/introspection_reader.hpp"

#include <map>
#include <set>
#include <stdexcept>

#include "protocol/json_reader.hpp"

namespace guestd::schema {
namespace {

using protocol::JsonDocument;
using protocol::JsonType;
using protocol::JsonView;

const std::map<std::string, std::set<std::string, std::less<>>> kMembers{
    {"builtin", {"json-type"}},  {"enum", {"members", "values"}},
    {"array", {"element-type"}}, {"object", {"members", "tag", "variants"}},
    {"alternate", {"members"}},  {"command", {"arg-type", "ret-type", "allow-oob"}},
    {"event", {"arg-type"}},
};

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

std::string text(JsonView object, std::string_view key) {
  const auto value = object.find(key);
  require(value && value->is(JsonType::kString), "no string " + std::string(key));
  return std::string(value->as_string());
}

std::vector<std::string> texts(JsonView object, std::string_view key) {
  std::vector<std::string> result;
  const auto list = object.find(key);
  if (!list) return result;
  for (const JsonView each : *list) result.emplace_back(each.as_string());
  return result;
}

void check_keys(JsonView object, const std::set<std::string, std::less<>>& known) {
  for (const JsonView value : object) {
    require(known.contains(value.key()), "unexpected member " + std::string(value.key()));
  }
}

random::Entry::Part read_part(const std::string& meta_type, JsonView member) {
  if (meta_type == "alternate") {
    check_keys(member, {"type"});
    return {"", text(member, "type")};
  }
  if (meta_type == "enum") {
    check_keys(member, {"name", "features"});
    return {text(member, "name"), "", false, texts(member, "features")};
  }
  check_keys(member, {"name", "type", "default", "features"});
  const auto standard = member.find("default");
  require(!standard || standard->is(JsonType::kNull), "a default that is not null");
  return {text(member, "name"), text(member, "type"), standard.has_value(), texts(member, "features")};
}

void read_members(JsonView object, random::Entry& entry) {
  const auto members = object.find("members");
  require(members && members->is(JsonType::kArray), "no members");
  for (const JsonView member : *members) entry.parts.push_back(read_part(entry.meta_type, member));
  entry.values = texts(object, "values");
  const auto variants = object.find("variants");
  require(variants.has_value() == object.find("tag").has_value(), "tag and variants go together");
  if (!variants) return;
  entry.tag = text(object, "tag");
  for (const JsonView variant : *variants) {
    check_keys(variant, {"case", "type"});
    require(entry.variants.emplace(text(variant, "case"), text(variant, "type")).second, "a case twice");
  }
}

NamedEntry read_entry(JsonView object) {
  random::Entry entry;
  entry.meta_type = text(object, "meta-type");
  auto known = kMembers.at(entry.meta_type);
  known.insert({"name", "meta-type", "features"});
  check_keys(object, known);
  entry.features = texts(object, "features");
  require(!entry.features.empty() || !object.find("features"), "an empty list of features");
  if (known.contains("members")) read_members(object, entry);
  for (const std::string_view key : {"json-type", "element-type", "arg-type"}) {
    if (known.contains(key)) entry.detail = text(object, key);
  }
  if (known.contains("ret-type")) entry.result = text(object, "ret-type");
  entry.allow_oob = object.find("allow-oob").has_value();
  require(!entry.allow_oob || object.find("allow-oob")->as_bool(), "allow-oob that is false");
  return {text(object, "name"), entry};
}

}  // namespace

std::vector<NamedEntry> read_introspection(const std::vector<std::string>& entries) {
  std::vector<NamedEntry> result;
  for (const auto& entry : entries) {
    const auto document = JsonDocument::parse(protocol::Buffer(entry));
    require(document.has_value(), "no JSON: " + entry);
    result.push_back(read_entry(document->root()));
  }
  return result;
}

}  // namespace guestd::schema
