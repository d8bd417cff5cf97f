// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "schema/compiler/doc_comment.hpp"
#include "schema/compiler/source.hpp"

/// The checked model of a schema, which the back ends read. Types refer to each other by pointer into Schema::types.
namespace guestd::schema {

struct Type;

/// A use of a type: the type itself, or a list of it.
struct TypeUse {
  const Type* type = nullptr;
  bool list = false;
};

/// `if`: the build configuration in which a definition, or a part of one, exists.
struct Condition {
  enum class Kind : std::uint8_t {
    kAlways,
    kMacro,       // `text` is the name of a macro that must be defined
    kExpression,  // `text` is an expression of the C preprocessor (--legacy only)
    kAll,
    kAny,
    kNot,  // of the single part
  };

  Kind kind = Kind::kAlways;
  std::string text;
  std::vector<Condition> parts;

  bool operator==(const Condition&) const = default;
};

struct Feature {
  std::string name;
  Position position;
  Condition condition{};
};

struct Member {
  std::string name;
  Position position;
  TypeUse use;
  bool optional = false;
  std::vector<Feature> features;
  Condition condition{};
};

struct BuiltinType {
  enum class Json : std::uint8_t { kString, kNumber, kInteger, kBool, kNull, kAny };
  Json json = Json::kAny;
};

struct EnumType {
  struct Value {
    std::string name;
    Position position;
    std::vector<Feature> features;
    Condition condition{};
  };
  std::vector<Value> values;
  std::string prefix;  // of the names that QEMU's C gets; nothing here depends on it
};

/// A struct, a union, or the unnamed arguments of a command.
struct ObjectType {
  struct Branch {
    std::string name;  // a value of the discriminator
    Position position;
    const Type* type = nullptr;
    Condition condition{};
  };
  const Type* base = nullptr;
  std::vector<Member> members;  // its own; those of an inline base included
  std::string discriminator;    // empty: no union
  std::vector<Branch> branches;
  /// A union of the older form: its discriminator `type` is of the implicit enum NAMEKind, and each branch is an
  /// implicit struct with the single member `data`.
  bool simple = false;
};

struct AlternateType {
  std::vector<Member> branches;
};

struct Type {
  std::string name;  // of unnamed arguments: empty
  Position position;
  std::optional<DocComment> doc;
  std::vector<Feature> features;
  Condition condition{};
  bool implicit = false;    // made by the compiler, as the kinds and branches of a simple union are
  bool unresolved = false;  // named but defined nowhere (--partial); its shape is that of `any`
  std::variant<BuiltinType, EnumType, ObjectType, AlternateType> shape;

  [[nodiscard]] const BuiltinType* builtin() const { return std::get_if<BuiltinType>(&shape); }
  [[nodiscard]] const EnumType* enumeration() const { return std::get_if<EnumType>(&shape); }
  [[nodiscard]] const ObjectType* object() const { return std::get_if<ObjectType>(&shape); }
  [[nodiscard]] const AlternateType* alternate() const { return std::get_if<AlternateType>(&shape); }
  [[nodiscard]] bool is_union() const { return object() != nullptr && !object()->discriminator.empty(); }
};

struct Command {
  std::string name;
  Position position;
  std::optional<DocComment> doc;
  std::vector<Feature> features;
  Condition condition{};
  const Type* arguments = nullptr;  // a struct, or a union if boxed; nullptr: none
  bool boxed = false;
  std::optional<TypeUse> returns;
  bool success_response = true;
  bool gen = true;
  bool coroutine = false;
  bool allow_oob = false;
  bool allow_preconfig = false;
  std::string family;  // set by name_families()
};

struct Event {
  std::string name;
  Position position;
  std::optional<DocComment> doc;
  std::vector<Feature> features;
  Condition condition{};
  const Type* data = nullptr;  // as a command's arguments
  bool boxed = false;
};

struct Schema {
  using Item = std::variant<const DocComment*, const Type*, const Command*, const Event*>;

  std::vector<std::unique_ptr<Type>> types;        // built-in ones first, then in order of definition
  std::vector<std::unique_ptr<Command>> commands;  // in order of definition
  std::vector<std::unique_ptr<Event>> events;      // in order of definition
  std::vector<std::unique_ptr<DocComment>> texts;  // free text
  std::vector<Item> items;                         // all that the files hold, in order

  /// A type of any name but one that is taken. The name "" is that of unnamed arguments, which cannot be found.
  Type& add_type(std::string name);
  [[nodiscard]] const Type* find_type(std::string_view name) const;

 private:
  std::unordered_map<std::string_view, const Type*> types_by_name_;  // their names
};

/// How many definitions of each kind a schema has, without what the compiler made.
struct Counts {
  std::size_t commands = 0;
  std::size_t events = 0;
  std::size_t structs = 0;
  std::size_t enums = 0;
  std::size_t unions = 0;
  std::size_t alternates = 0;

  bool operator==(const Counts&) const = default;
};
Counts count_definitions(const Schema& schema);

/// Gives each command the family that its file is named after: that of `guest-agent/files.json` is `files`.
void name_families(Schema& schema, const Sources& sources);

bool has_feature(const std::vector<Feature>& features, std::string_view name);

/// The member of an object or of its bases, or nullptr.
const Member* find_member(const ObjectType& object, std::string_view name);
/// The members of an object, those of its bases first.
std::vector<const Member*> all_members(const ObjectType& object);
/// The branch of a union for a value of its discriminator; nullptr if that value has no members.
const ObjectType::Branch* find_branch(const ObjectType& object, std::string_view value);

}  // namespace guestd::schema
