// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "schema/compiler/model.hpp"

/// Whether clients that were written for an old schema can talk to a server of a new one. What counts is the wire:
/// names of types, the order of members, and how members are spread over bases are free to change.
///
/// - Arguments flow from old clients to the new server: everything that the old schema allows has to be accepted. A
///   member that is gone or has become mandatory, a new mandatory one, a value that is gone, a smaller range, a list in
///   place of a single value break.
/// - Results and events flow from the new server to old clients: what the old schema promises has to come. A member
/// that
///   is gone or has become optional, a wider type break. New members and new values of an enum are notes: clients are
///   expected to bear them, and strict ones do not.
/// - Features that come and go (`deprecated` for one) and conditions are notes.
/// - `success-response`, `coroutine` and `gen` do not change what a client may send.
namespace guestd::schema {

struct Change {
  bool breaking = false;  // else a note
  bool in_old = false;    // `position` is in the old schema's files, because the new one has no such place
  Position position;
  std::string text;
};

/// In the order of the old schema, then what is new.
std::vector<Change> compare(const Schema& old_schema, const Schema& new_schema);

}  // namespace guestd::schema
