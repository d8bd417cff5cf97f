// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/compiler/docs_document.hpp"
#include "schema/compiler/model.hpp"

namespace guestd::schema::docs {

/// What the reference of a schema says, in the order of its files. A chapter begins with each free text that has a
/// title; it holds first its commands, then its events, then its types. After the text of the first one stands an
/// index of all commands.
Blocks describe(const Schema& schema);

}  // namespace guestd::schema::docs
