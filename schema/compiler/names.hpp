// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

/// How names on the wire become names in C++. Nothing else in the project decides about names.
namespace guestd::schema::names {

/// `guest-file-open` -> `file_open`; `guestd-get-schema` -> `guestd_get_schema`; `delete` -> `delete_`.
std::string command_function(std::string_view wire);
/// `guest-file-open` -> `FileOpen`, to which `Args` and `Result` are added.
std::string command_stem(std::string_view wire);
/// `buf-b64` -> `buf_b64`; `default` -> `default_`; `linux`, which may be a macro -> `linux_`; `2d` -> `_2d`.
std::string member(std::string_view wire);
/// `file-backed-virtual` -> `kFileBackedVirtual`.
std::string enumerator(std::string_view wire);
/// The name of a type, which the schema gives in the style of C++: `GuestFileRead`.
std::string type(std::string_view wire);
/// The same for types that the compiler made: `q_obj_intList-wrapper` -> `IntListWrapper`.
std::string implicit_type(std::string_view name);
/// `BLOCK_IO_ERROR` -> `BlockIoError`, to which `Event` and `Data` are added.
std::string event_stem(std::string_view wire);
/// `GuestFileRead` -> `guest_file_read`, for the functions that belong to a type.
std::string type_function(std::string_view type);

/// The names of one scope. Different names on the wire can become the same in C++.
class Scope {
 public:
  /// `wanted`, or if that is taken `wanted_2`, `wanted_3` and so on: what comes first keeps its name.
  std::string take(std::string wanted);

 private:
  std::set<std::string> taken_;
};

}  // namespace guestd::schema::names
