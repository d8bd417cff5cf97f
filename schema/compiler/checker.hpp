// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/compiler/dialect.hpp"
#include "schema/compiler/loader.hpp"
#include "schema/compiler/model.hpp"

namespace guestd::schema {

/// Turns expressions into the model and reports everything that the language forbids. The model is complete only if
/// `diagnostics` holds no error.
Schema check(const LoadedSchema& loaded, Dialect dialect, Diagnostics& diagnostics);

}  // namespace guestd::schema
