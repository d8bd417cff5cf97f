// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "tests/schema/random/dice.hpp"
#include "tests/schema/random/model.hpp"

namespace guestd::schema::random {
namespace {

using Names = std::vector<std::string>;

const Names kBuiltins{"str",    "number", "int",    "int8", "int16", "int32", "int64", "uint8",
                      "uint16", "uint32", "uint64", "size", "bool",  "null",  "any"};
const Names kWords{"path", "size-of", "state", "bus", "x", "link2", "node", "read-only"};
const Names kFeatures{"fast", "my-feature", "x2"};
/// These say something to whoever uses a name on the wire, so types cannot have them.
const Names kSpecialFeatures{"deprecated", "unstable"};
const Names kMacros{"CONFIG_LINUX", "CONFIG_A", "HAVE_B2", "X"};

/// Names are numbered, so that members never clash, whichever struct is the base of whichever.
class Maker {
 public:
  explicit Maker(std::uint32_t seed) : dice_(seed), legacy_(seed % 3 == 0) {}

  Model run() {
    name_types();
    for (const auto& name : enums_) add_enum(name);
    for (std::size_t index = 0; index < structs_.size(); ++index) add_struct(index);
    for (const auto& name : unions_) add_union(name);
    for (const auto& name : simple_unions_) add_simple_union(name);
    for (const auto& name : alternates_) add_alternate(name);
    const auto messages = 1 + dice_.roll(6);
    for (std::size_t index = 0; index < messages; ++index) add_message(index);
    dice_.shuffle(model_.definitions);
    model_.legacy = legacy_;
    return std::move(model_);
  }

 private:
  void name_types() {
    const auto fill = [&](Names& names, const std::string& stem, std::size_t count) {
      for (std::size_t index = 0; index < count; ++index) names.push_back(stem + std::to_string(index));
    };
    fill(enums_, "Enum", 1 + dice_.roll(3));
    fill(structs_, "Struct", 1 + dice_.roll(6));
    fill(unions_, "Union", dice_.roll(3));
    fill(simple_unions_, "Simple", legacy_ ? 1 + dice_.roll(2) : 0);
    fill(alternates_, "Alt", dice_.roll(3));
    for (const auto* names : {&enums_, &structs_, &unions_, &simple_unions_, &alternates_}) {
      all_.insert(all_.end(), names->begin(), names->end());
    }
  }

  std::string fresh() { return dice_.pick(kWords) + "-" + std::to_string(counter_++); }

  std::string condition(std::size_t depth = 0) {
    if (depth == 0 && !dice_.chance(15)) return {};
    const auto macro = "'" + dice_.pick(kMacros) + "'";
    if (depth > 2 || dice_.chance(50)) return macro;
    if (dice_.chance(30)) return "{ 'not': " + condition(depth + 1) + " }";
    const std::string kind = dice_.chance(50) ? "all" : "any";
    return "{ '" + kind + "': [ " + condition(depth + 1) + ", " + condition(depth + 1) + " ] }";
  }

  Marks type_marks() {
    Marks result{{}, condition()};
    add_features(result, kFeatures);
    return result;
  }

  /// Of what has a name on the wire.
  Marks marks() {
    auto result = type_marks();
    add_features(result, kSpecialFeatures);
    return result;
  }

  void add_features(Marks& target, const Names& names) {
    for (const auto& name : names) {
      if (dice_.chance(5)) target.features.push_back({name, condition()});
    }
  }

  Use any_use() {
    const auto& type = dice_.chance(50) ? dice_.pick(kBuiltins) : dice_.pick(all_);
    return {type, dice_.chance(25)};
  }

  std::vector<Member> members(std::size_t most) {
    std::vector<Member> result;
    const auto count = dice_.roll(most + 1);
    for (std::size_t index = 0; index < count; ++index) {
      result.push_back({fresh(), any_use(), dice_.chance(35), marks()});
    }
    return result;
  }

  void add_enum(const std::string& name) {
    Enum result{name, {}, type_marks()};
    const auto count = 1 + dice_.roll(5);
    for (std::size_t index = 0; index < count; ++index) result.values.push_back({fresh(), marks()});
    values_[name] = result.values;
    model_.definitions.emplace_back(std::move(result));
  }

  /// A base is always one that was made before, which leaves no room for circles.
  void add_struct(std::size_t index) {
    Struct result{structs_[index], {}, members(4), type_marks()};
    if (index > 0 && dice_.chance(30)) result.base = structs_[dice_.roll(index)];
    if (result.base.empty()) roots_.push_back(result.name);
    model_.definitions.emplace_back(std::move(result));
  }

  void add_union(const std::string& name) {
    Union result;
    result.name = name;
    result.marks = type_marks();
    result.enumeration = dice_.pick(enums_);
    result.tag = fresh();
    const Member tag{result.tag, {result.enumeration, false}, false, {}};
    result.members = members(2);
    result.members.insert(result.members.begin() + static_cast<std::ptrdiff_t>(dice_.roll(result.members.size() + 1)),
                          tag);
    if (dice_.chance(40)) {  // the base as a struct of its own
      result.base = name + "Base";
      model_.definitions.emplace_back(Struct{result.base, {}, std::exchange(result.members, {}), type_marks()});
    }
    for (const auto& value : values_[result.enumeration]) {
      if (result.branches.empty() || dice_.chance(60)) {
        result.branches.push_back({value.name, dice_.pick(structs_), condition()});
      }
    }
    dice_.shuffle(result.branches);
    model_.definitions.emplace_back(std::move(result));
  }

  void add_simple_union(const std::string& name) {
    SimpleUnion result{name, {}};
    const auto count = 1 + dice_.roll(3);
    for (std::size_t index = 0; index < count; ++index) result.branches.push_back({fresh(), any_use()});
    model_.definitions.emplace_back(std::move(result));
  }

  /// At most one type of each look in JSON.
  void add_alternate(const std::string& name) {
    std::vector<Use> uses{{dice_.pick(structs_), false}};
    if (!unions_.empty() && dice_.chance(30)) uses[0].type = dice_.pick(unions_);
    if (dice_.chance(50)) uses.push_back({dice_.chance(50) ? "str" : dice_.pick(enums_), false});
    if (uses.back().type != "str" && dice_.chance(50)) uses.push_back({"int", false});
    if (uses.back().type != "str" && dice_.chance(30)) uses.push_back({"bool", false});
    if (dice_.chance(30)) uses.push_back({"null", false});
    dice_.shuffle(uses);
    Alternate result{name, {}, type_marks()};
    for (const auto& use : uses) result.branches.push_back({fresh(), use, false, {{}, condition()}});
    model_.definitions.emplace_back(std::move(result));
  }

  void add_message(std::size_t index) {
    Message result;
    result.event = dice_.chance(30);
    result.name = (result.event ? "EVENT_" : "command-") + std::to_string(index);
    result.marks = marks();
    const auto form = dice_.roll(4);
    if (form == 1) result.members = members(4);
    if (form == 2) result.data = dice_.pick(structs_);
    if (form == 3) result.data = unions_.empty() ? dice_.pick(structs_) : dice_.pick(unions_);
    result.boxed = form == 3;
    if (!result.event) add_properties(result);
    model_.definitions.emplace_back(std::move(result));
  }

  void add_properties(Message& command) {
    command.allow_oob = dice_.chance(20);
    command.no_success_response = dice_.chance(20);
    if (!dice_.chance(70)) return;
    command.returns_exception = dice_.chance(40);
    command.returns = command.returns_exception ? any_use() : Use{dice_.pick(structs_), dice_.chance(40)};
  }

  Dice dice_;
  bool legacy_;
  Model model_;
  Names enums_, structs_, unions_, simple_unions_, alternates_, all_;
  Names roots_;
  std::map<std::string, std::vector<Enum::Value>> values_;
  std::size_t counter_ = 0;
};

}  // namespace

Model make_model(std::uint32_t seed) { return Maker(seed).run(); }

}  // namespace guestd::schema::random
