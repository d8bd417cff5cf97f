// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Schemas made up at random, and what their introspection has to be. Nothing here knows the compiler: if both agree,
/// two independent readings of the language do.
namespace guestd::schema::random {

struct Use {
  std::string type;  // built-in, or the name of a definition
  bool list = false;
};

struct Feature {
  std::string name;
  std::string condition;  // as it is written behind 'if'; empty: none
};

/// What may stand beside nearly everything.
struct Marks {
  std::vector<Feature> features;
  std::string condition;
};

struct Member {
  std::string name;
  Use use;
  bool optional = false;
  Marks marks;
};

struct Enum {
  struct Value {
    std::string name;
    Marks marks;
  };
  std::string name;
  std::vector<Value> values;
  Marks marks;
};

struct Struct {
  std::string name;
  std::string base;  // empty: none
  std::vector<Member> members;
  Marks marks;
};

struct Union {
  struct Branch {
    std::string value;
    std::string type;
    std::string condition;
  };
  std::string name;
  std::string base;             // a struct that has the tag; empty: inline
  std::vector<Member> members;  // of an inline base
  std::string tag;
  std::string enumeration;  // of the tag
  std::vector<Branch> branches;
  Marks marks;
};

/// A union of the older form.
struct SimpleUnion {
  struct Branch {
    std::string name;
    Use use;
  };
  std::string name;
  std::vector<Branch> branches;
};

struct Alternate {
  std::string name;
  std::vector<Member> branches;
  Marks marks;
};

/// A command or an event.
struct Message {
  bool event = false;
  std::string name;
  std::string data;             // a type; empty: `members`
  std::vector<Member> members;  // none: no data
  bool boxed = false;
  std::optional<Use> returns;
  bool returns_exception = false;  // the result is neither an object nor a list of objects
  bool allow_oob = false;
  bool no_success_response = false;
  Marks marks;
};

using Definition = std::variant<Enum, Struct, Union, SimpleUnion, Alternate, Message>;

struct Model {
  std::vector<Definition> definitions;  // in the order of the text
  bool legacy = false;                  // has simple unions
};

Model make_model(std::uint32_t seed);

/// The schema as text, in one of the many ways in which it can be written.
std::string print(const Model& model, std::uint32_t seed);

/// An entry of an introspection.
struct Entry {
  struct Part {
    std::string name;  // of a member or an enum value
    std::string type;
    bool optional = false;
    std::vector<std::string> features{};

    bool operator==(const Part&) const = default;
  };

  std::string meta_type;
  std::vector<std::string> features{};
  std::string detail{};  // json-type, element-type or arg-type
  std::string result{};  // ret-type
  bool allow_oob = false;
  std::vector<Part> parts{};  // members
  std::vector<std::string> values{};
  std::string tag{};
  std::map<std::string, std::string> variants{};

  bool operator==(const Entry&) const = default;
};

using Entries = std::map<std::string, Entry>;

/// What --unmask has to show.
Entries expected_introspection(const Model& model);

}  // namespace guestd::schema::random
