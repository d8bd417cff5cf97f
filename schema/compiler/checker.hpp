// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/compiler/loader.hpp"
#include "schema/compiler/model.hpp"

namespace guestd::schema {

/// Turns expressions into the model and reports everything that the language forbids. The model is complete only if
/// `diagnostics` stays empty.
Schema check(const LoadedSchema& loaded, Diagnostics& diagnostics);

}  // namespace guestd::schema
