#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules of DIN 70121 that the ready-made station keeps, by id.
# shellcheck source=tests/cli/support
. tests/cli/support
# shellcheck source=tests/cli/support-rules
. tests/cli/support-rules

rules 43
rules 43 --profile test
