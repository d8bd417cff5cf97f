// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema::cxx {
namespace {

/// Tarjan's algorithm: numbers the types that hold each other, the strongly connected components.
class CycleFinder {
 public:
  explicit CycleFinder(Plan& plan) : plan_(plan) {}

  void visit(const Type* type) {
    if (index_.contains(type)) return;
    index_[type] = lowest_[type] = next_++;
    stack_.push_back(type);
    bool holds_itself = false;
    for (const Type* part : parts(*type)) {
      holds_itself = holds_itself || part == type;
      visit(part);
      if (std::find(stack_.begin(), stack_.end(), part) != stack_.end()) {
        lowest_[type] = std::min(lowest_[type], lowest_[part]);
      }
    }
    if (lowest_[type] == index_[type]) close(type, holds_itself);
  }

 private:
  void close(const Type* type, bool holds_itself) {
    const auto first = std::find(stack_.begin(), stack_.end(), type);
    if (holds_itself || stack_.end() - first > 1) {
      for (auto each = first; each != stack_.end(); ++each) plan_.cycles[*each] = index_[type];
    }
    stack_.erase(first, stack_.end());
  }

  Plan& plan_;
  std::map<const Type*, unsigned> index_;
  std::map<const Type*, unsigned> lowest_;
  std::vector<const Type*> stack_;
  unsigned next_ = 0;
};

/// The types whose definitions must stand before that of `type`.
std::vector<const Type*> needed(const Plan& plan, const Type& type) {
  std::vector<const Type*> result;
  const auto add = [&](const TypeUse& use) {
    if (is_generated(*use.type) && !is_boxed(plan, type, use)) result.push_back(use.type);
  };
  if (const auto* object = type.object()) {
    for (const Member* member : all_members(*object)) add(member->use);
    for (const auto& branch : object->branches) {
      if (is_generated(*branch.type)) result.push_back(branch.type);
    }
  }
  if (const auto* alternate = type.alternate()) {
    for (const auto& branch : alternate->branches) add(branch.use);
  }
  return result;
}

/// What is needed has no cycles: a cycle runs through a struct that is held by a member or by an alternate, which is
/// boxed, since the branches of unions are structs.
void add_in_order(Plan& plan, const Type* type, std::set<const Type*>& done) {
  if (!is_generated(*type) || !done.insert(type).second) return;
  for (const Type* part : needed(plan, *type)) add_in_order(plan, part, done);
  plan.order.push_back(type);
}

}  // namespace

std::vector<const Type*> parts(const Type& type) {
  std::vector<const Type*> result;
  const auto add = [&](const Type* part) {
    if (part != nullptr && is_generated(*part)) result.push_back(part);
  };
  if (const auto* object = type.object()) {
    for (const Member* member : all_members(*object)) add(member->use.type);
    for (const auto& branch : object->branches) add(branch.type);
  }
  if (const auto* alternate = type.alternate()) {
    for (const auto& branch : alternate->branches) add(branch.use.type);
  }
  return result;
}

void add_reachable(const Type* type, std::set<const Type*>& reached) {
  if (type == nullptr || !is_generated(*type) || !reached.insert(type).second) return;
  for (const Type* part : parts(*type)) add_reachable(part, reached);
}

bool is_boxed(const Plan& plan, const Type& owner, const TypeUse& use) {
  if (use.type->object() == nullptr) return false;  // the branches of an alternate are boxed themselves
  const auto from = plan.cycles.find(&owner);
  const auto to = plan.cycles.find(use.type);
  return from != plan.cycles.end() && to != plan.cycles.end() && from->second == to->second;
}

void plan_order(Plan& plan) {
  CycleFinder finder(plan);
  for (const auto& type : plan.schema.types) {
    if (is_generated(*type)) finder.visit(type.get());
  }
  std::set<const Type*> done;
  for (const auto& type : plan.schema.types) add_in_order(plan, type.get(), done);
}

}  // namespace guestd::schema::cxx
