// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// How names on the wire become names in C++. Nothing else in the project decides about names.
namespace guestd::schema::names {

/// `guest-file-open` -> `file_open`; `guestd-get-schema` -> `guestd_get_schema`; `delete` -> `delete_`.
std::string command_function(std::string_view wire);
/// `guest-file-open` -> `FileOpen`, to which `Args` and `Result` are added.
std::string command_stem(std::string_view wire);
/// `buf-b64` -> `buf_b64`; `default` -> `default_`.
std::string member(std::string_view wire);
/// `file-backed-virtual` -> `kFileBackedVirtual`.
std::string enumerator(std::string_view wire);
/// `GuestFileRead` -> `guest_file_read`, for the functions that belong to a type.
std::string type_function(std::string_view type);

}  // namespace guestd::schema::names
