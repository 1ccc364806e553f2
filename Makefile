# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets. Each installs the Debian packages it lacks (tools/packages).

VERSION := 0.1.0
SOVERSION := 0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SHAREDIR ?= $(PREFIX)/share
MANDIR ?= $(SHAREDIR)/man
DOCDIR ?= $(SHAREDIR)/doc/v2glab
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include

# As many jobs as there are processors, unless -j says otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1) --no-print-directory
endif
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
V ?= 0
say = $(if $(filter 0,$(V)),@printf '  %-7s %s\n' '$(1)' '$(2)'; ,)

# ---- compilers: each variant builds into a folder of its own ----

VARIANT ?= gcc
OUT := build/$(VARIANT)
ifeq ($(origin CC),default)
CC := gcc
endif

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HARDEN := -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
CFLAGS ?= -O2 -g
WERROR := -Werror
ifeq ($(VARIANT),clang)
override CC := clang
CFLAGS := -O0 # for its warnings, which need no more
else ifeq ($(VARIANT),asan)
override CFLAGS := -O1 -g $(SANITIZE)
HARDEN :=
WERROR :=
else ifeq ($(VARIANT),coverage)
override CFLAGS := -O0 -g --coverage -include tools/coverage.h
HARDEN :=
WERROR :=
else ifeq ($(VARIANT),fuzz)
override CC := clang
override CFLAGS := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
HARDEN :=
WERROR :=
else ifeq ($(VARIANT),afl)
override CC := afl-clang-fast
override CFLAGS := -O1 -g -fno-omit-frame-pointer
HARDEN :=
WERROR :=
endif

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wpointer-arith -Wstrict-prototypes -Wvla \
	$(if $(findstring clang,$(CC)),,-Wno-format-truncation)
BASE_FLAGS = -std=c11 -D_GNU_SOURCE -DV2G_VERSION='"$(VERSION)"' -Isrc $(DEPENDENCY_CFLAGS) \
	-fPIC -fno-semantic-interposition -fno-plt $(HARDEN) $(WARNINGS) $(WERROR) -MMD -MP
LINK_FLAGS := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed
COMPILE = $(CC) $(BASE_FLAGS) $(ALIGN) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
LINK = $(CC) $(CFLAGS) $(LDFLAGS) $(LINK_FLAGS) -o $@ $(filter %.o %.a,$^)
LIBS = $(DEPENDENCY_LIBS) -lm -lpthread

# ---- what there is ----

CODEC_MODULES := libxml-2.0 jansson zlib
MODULES := lua5.4 openssl libuv libxml-2.0 jansson sqlite3 zlib
ASSETS := $(sort $(shell find schema reference lua suites examples page -name '[!.]*.schema' -o -name '[!.]*.lua' \
	-o -path 'schema/ko/[!.]*.txt' -o -path 'suites/ko/[!.]*.txt' -o -path 'reference/[!.]*.txt' -o -path 'reference/[!.]*.tsv' -o -path 'reference/[!.]*.js' -o -path 'reference/[!.]*.css' -o -path 'page/[!.]*' 2>/dev/null) build/requirements.tsv)
ALL_C := $(wildcard src/*/*.[ch] tests/c/*.[ch] tests/faults/*.c bench/*.[ch] fuzz/*.[ch])
objects = $(patsubst %.c,$(OUT)/%.o,$(wildcard $(1)))

LIB_OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(filter-out src/app/%,$(wildcard src/*/*.c))) \
	$(OUT)/assets.o
APP_OBJECTS := $(filter-out $(OUT)/src/app/main.o,$(call objects,src/app/*.c))
TESTS := $(basename $(notdir $(wildcard tests/c/test_*.c)))
TEST_OBJECTS := $(call objects,tests/c/*.c)
TEST_HELPERS := $(filter-out $(TESTS:%=$(OUT)/tests/c/%.o),$(TEST_OBJECTS))
TEST_PROGRAMS := $(TESTS:%=$(OUT)/tests/%)
# ONLY='word ...': those whose names have one of the words.
TEST_WANTED = $(if $(ONLY),$(foreach t,$(TEST_PROGRAMS),$(if $(strip $(foreach w,$(ONLY),$(findstring $w,$(notdir $t)))),$t)),$(TEST_PROGRAMS))
BENCHES := $(basename $(notdir $(wildcard bench/*.c)))
FUZZERS := $(basename $(notdir $(wildcard fuzz/*.c)))
OTHER_OBJECTS := $(call objects,bench/*.c) $(call objects,fuzz/*.c)
EXPORTED := libv2g libv2gcodec
PUBLIC_HEADERS := $(shell grep -L 'Private to src/' $(filter-out src/app/% src/script/% src/names/% src/reference/% src/suite/% src/page/%,$(wildcard src/*/*.h)))

CHECKS := check-format check-layers check-headers check-lua check-shell check-requirements check-korean check-abi check-gcc check-clang

.PHONY: all help man abi demo test check asan bench soak fuzz afl docs picture house requirements format install uninstall deb clean \
	test-browser bench-report pictures test-captures test-personas test-suites test-faults coverage figures $(CHECKS) objects FORCE

all: build/v2glab $(EXPORTED:%=$(OUT)/export/%.a) $(EXPORTED:%=$(OUT)/export/%.so) ## Builds build/v2glab and the libraries

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

# ---- packages, and what pkg-config says of them ----

BARE_GOALS := help house requirements clean uninstall
ifneq ($(filter-out $(BARE_GOALS),$(or $(MAKECMDGOALS),all)),)
include build/config.mk
endif

build/config.mk: tools/packages Makefile
	@tools/packages build
	@cflags=$$(pkg-config --cflags $(MODULES)) && libs=$$(pkg-config --libs $(MODULES)) && \
	printf 'DEPENDENCY_CFLAGS := %s\nDEPENDENCY_LIBS := %s\n' \
		"$$(echo "$$cflags" | sed 's/-I/-isystem /g')" "$$libs" >$@

build/packages/%: tools/packages
	@tools/packages $*
	@touch $@

# ---- program and library ----

build/v2glab: $(OUT)/v2glab
	@ln -sfn $(<:build/%=%) $@

$(OUT)/v2glab: $(OUT)/src/app/main.o $(APP_OBJECTS) $(OUT)/libv2g.a $(OUT)/objects.list
	$(call say,LINK,$@)$(LINK) $(LIBS)

$(OUT)/libv2g.a: $(LIB_OBJECTS) $(OUT)/objects.list
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $(LIB_OBJECTS)

# What is installed: everything, and the codec alone. See tools/export-library.
CODEC_OBJECTS = $(filter $(OUT)/src/base/% $(OUT)/src/schema/% $(OUT)/src/codec/%,$(LIB_OBJECTS)) \
	$(OUT)/codec-assets.o

$(OUT)/export/libv2g.o: $(LIB_OBJECTS)
$(OUT)/export/libv2gcodec.o: $(CODEC_OBJECTS)
$(OUT)/export/%.o: tools/export-library $(PUBLIC_HEADERS) $(OUT)/objects.list
	@mkdir -p $(@D)
	$(call say,EXPORT,$@)tools/export-library $@ $(sort $(filter %.o,$^)) -- $(PUBLIC_HEADERS)

$(OUT)/export/%.a: $(OUT)/export/%.o
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $<

$(OUT)/export/libv2gcodec.so: LIBS = $(shell pkg-config --libs $(CODEC_MODULES)) -lm
$(OUT)/export/%.so: $(OUT)/export/%.o
	$(call say,LINK,$@)$(LINK) -shared -Wl,-soname,$*.so.$(SOVERSION) $(LIBS)

# How the codec's loops lie in lines of 64 bytes is worth up to a tenth of its time.
$(call objects,src/codec/exi_*.c): ALIGN := -falign-functions=64 -falign-loops=32

$(OUT)/%.o: %.c Makefile build/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE)

# Assembled from all the files that are built in; see src/base/asset.h.
$(OUT)/assets.o $(OUT)/codec-assets.o: $(OUT)/%.o: build/%.S $(ASSETS)
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) -c -o $@ $<

build/assets.S: build/assets.list tools/embed
	@tools/embed $(ASSETS) >$@

build/codec-assets.S: build/assets.list tools/embed
	@tools/embed $(filter schema/%.schema,$(ASSETS)) >$@

# The rules and what proves them; changes only when a row or an id does.
build/requirements.tsv: FORCE
	@mkdir -p $(@D); tools/requirements rows >$@.$$$$ && if cmp -s $@.$$$$ $@; then rm $@.$$$$; \
		else mv $@.$$$$ $@; fi

# Lists that change only when a file comes or goes.
build/assets.list: FORCE
	@mkdir -p $(@D); echo '$(ASSETS)' | cmp -s - $@ || echo '$(ASSETS)' >$@

$(OUT)/objects.list: FORCE
	@mkdir -p $(@D); echo '$(LIB_OBJECTS) $(APP_OBJECTS)' | cmp -s - $@ || \
		echo '$(LIB_OBJECTS) $(APP_OBJECTS)' >$@

FORCE:

DEMO := examples/evcc-iso15118-2-ac.lua examples/secc-iso15118-2-ac.lua

PLUG := examples/evcc-plug.lua examples/secc-plug.lua

demo: build/v2glab ## Shows a charging session between two scripts: the plug, SLAC, and ISO 15118-2
	@build/v2glab run --bench pair $(PLUG)

picture: build/v2glab ## Makes docs/ladder.svg from what the demo shows behind SLAC
	@V2GLAB_PRETTY=1 build/v2glab run --no-record $(DEMO) | tr '\t' ' ' | \
		tools/terminal-svg 'make demo' >docs/ladder.svg

house: ## Draws docs/house.svg, the floors of src/ and what includes what
	@tools/house >docs/house.svg

requirements: ## Writes docs/requirements.md, and its figures in README.md
	@tools/requirements page >docs/requirements.md
	@sed -i "s/^  .* rules: .* open\.$$/  $$(tools/requirements figures)./" README.md

docs: build/v2glab ## Writes the API reference and the list of cases to build/docs
	@build/v2glab docs --all build/docs
	@for f in md html; do build/v2glab test --list --format $$f >build/docs/cases.$$f; \
		build/v2glab test --list --lang ko --format $$f >build/docs/cases.ko.$$f; done

# ---- tests ----

test: $(TEST_WANTED) $(OUT)/v2glab $(if $(filter gcc,$(VARIANT)),build/v2glab) | build/packages/test ## Runs all tests (ONLY='word ...': those whose names have a word)
	@BUILD=$(OUT) tests/run $(ONLY)

asan: ## Runs all tests under Address- and UndefinedBehaviorSanitizer
	@$(MAKE) VARIANT=asan test

test-suites: $(OUT)/v2glab ## Proves the cases of suites/: our device passes each, and each fails by all its mutants
	@tools/prove-suites $(OUT)/v2glab $(OUT)/suites

coverage: ## Runs all tests (or ONLY='word ...'), has calls fail, and tells by module which branches were taken
	@find build/coverage -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) VARIANT=coverage test; $(if $(ONLY),,$(MAKE) VARIANT=coverage test-faults;) tools/coverage build/coverage/src

# Of each command and kind of calls so many fail, spread evenly over all; 0: each.
FAULTS ?= 12
test-faults: $(OUT)/v2glab $(OUT)/fail.so ## Has memory, files, sockets and libuv fail, call by call (FAULTS=0: each call)
	@tests/faults/run $(abspath $(OUT)/v2glab $(OUT)/fail.so) $(FAULTS)

$(OUT)/fail.so: tests/faults/fail.c Makefile
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) -std=c11 -O1 -g -fPIC -shared $(WARNINGS) -o $@ $< -ldl

figures: test-suites ## Writes the figures of make test-suites into README.md
	@sed -i "s/^  .* cases pass, and fail by .*/  $$(cat $(OUT)/suites/closing)./" README.md

test-browser: $(OUT)/v2glab | build/packages/browser ## Opens reports in a browser: keys, filters, sizes, languages, axe
	@tests/browser/run $(OUT)/v2glab build/browser test

bench-report: $(OUT)/v2glab | build/packages/browser ## Measures the report in a browser
	@tests/browser/run $(OUT)/v2glab build/browser bench

pictures: $(OUT)/v2glab | build/packages/browser ## Makes the pictures of the report in docs/ anew
	@tests/browser/run $(OUT)/v2glab build/browser pictures

test-captures: $(OUT)/v2glab build/v2glab | build/packages/test ## Decodes the captures in CAPTURES=DIR, and plays them again
	$(call on-captures,decode)
	$(call on-captures,replay)
	$(call on-captures,relay)

test-personas: $(OUT)/v2glab build/v2glab | build/packages/test ## Compares the personas with the captures of their cars in CAPTURES=DIR
	$(call on-captures,personas)

define on-captures
@test -d '$(CAPTURES)' || { echo "error: no such folder: '$(CAPTURES)'; say" \
	"make $@ CAPTURES=DIR, DIR a folder with .pcap files" >&2; exit 1; }
@CAPTURES='$(abspath $(CAPTURES))' BUILD=$(OUT) tests/run tests/captures/$(1).sh
endef

$(TEST_OBJECTS): | build/packages/test

$(TEST_PROGRAMS): $(OUT)/tests/%: $(OUT)/tests/c/%.o $(TEST_HELPERS) $(APP_OBJECTS) $(OUT)/libv2g.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) $(LIBS) -lcmocka

# ---- checks ----

check: ## Checks format, layers, circles, sizes, headers, warnings of gcc and clang, Lua and shell scripts, ids of rules, Korean words, symbols
	@$(MAKE) -k $(CHECKS)
	@echo "all checks passed"

check-format: | build/packages/check
	@tools/check-format $(ALL_C)

check-layers: $(LIB_OBJECTS) $(APP_OBJECTS)
	@tools/check-layers
	@tools/check-calls $(OUT)
	@tools/check-sizes

check-headers: | build/packages/test
	@CC='$(CC)' tools/check-headers $(DEPENDENCY_CFLAGS)
	@tools/long-functions $(filter %.c,$(ALL_C))

check-lua: | build/packages/check
	@luacheck -q --no-cache --no-color $(wildcard lua suites examples tests)

check-shell: | build/packages/check
	@shellcheck -x .ci/run tests/run tests/requirements tests/peers/run tests/browser/run tests/browser/pages $(wildcard tests/*/*.sh tests/peers/adapters/*) $(filter-out %.h %.lua %.awk %.py %-exceptions,$(wildcard tools/*))

check-requirements:
	@tools/check-requirements

check-korean:
	@tools/check-korean

check-abi: $(EXPORTED:%=$(OUT)/export/%.so)
	@tools/check-abi $(SOVERSION) $(OUT)/export $(EXPORTED)

abi: $(EXPORTED:%=$(OUT)/export/%.so) ## Writes the symbols that programs may rely on to abi/
	@for l in $(EXPORTED); do cp $(OUT)/export/$$l.symbols abi/$$l.$(SOVERSION) || exit 1; done

check-gcc: objects $(OUT)/v2glab

check-clang: | build/packages/check
	@$(MAKE) VARIANT=clang objects build/clang/v2glab

objects: $(LIB_OBJECTS) $(APP_OBJECTS) $(OUT)/src/app/main.o $(TEST_OBJECTS) $(OTHER_OBJECTS)

format: | build/packages/check ## Formats all C files
	@clang-format -i $(ALL_C)

# ---- speed and hostile input ----

bench: $(BENCHES:%=$(OUT)/bench-%) build/v2glab | build/packages/bench ## Measures the codec, a session, and many sessions at once
	@set -e; for b in $(BENCHES:%=$(OUT)/bench-%); do $$b; done

$(OUT)/bench-%: $(OUT)/bench/%.o $(APP_OBJECTS) $(OUT)/libv2g.a
	$(call say,LINK,$@)$(LINK) $(LIBS)

$(call objects,bench/*.c): | build/packages/test

TIME ?= 600
soak: $(OUT)/v2glab ## Plays sessions of all protocols with random faults for TIME seconds (600): nothing may grow or mix
	@tools/soak $(OUT)/v2glab $(OUT)/soak $(TIME)

FUZZ_SECONDS ?= 60
fuzz: | build/packages/fuzz ## Runs each fuzzer for FUZZ_SECONDS (60)
	@test -n '$(FUZZERS)' || { echo "error: no fuzzer in fuzz/" >&2; exit 1; }
	@$(MAKE) VARIANT=fuzz $(FUZZERS:%=build/fuzz/fuzz-%)
	@set -e; for f in $(FUZZERS); do mkdir -p build/fuzz/corpus/$$f; \
		build/fuzz/fuzz-$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=512 \
			-print_final_stats=1 build/fuzz/corpus/$$f; done

AFL ?= $(FUZZERS)
afl: | build/packages/afl ## Runs each fuzzer under AFL++ for FUZZ_SECONDS (60); AFL='fuzz_tls ...': those alone
	@$(MAKE) VARIANT=afl $(AFL:%=build/afl/fuzz-%)
	@tools/afl build/afl $(FUZZ_SECONDS) $(AFL)

build/afl/fuzz-%: build/afl/fuzz/%.o $(APP_OBJECTS) $(OUT)/libv2g.a
	$(call say,LINK,$@)$(LINK) -fsanitize=fuzzer $(LIBS)

build/fuzz/fuzz-%: build/fuzz/fuzz/%.o $(APP_OBJECTS) $(OUT)/libv2g.a
	$(call say,LINK,$@)$(LINK) -fsanitize=fuzzer $(LIBS)

# ---- installation ----

COMPLETIONS := bash-completion/completions/v2glab zsh/site-functions/_v2glab \
	fish/vendor_completions.d/v2glab.fish
DOCUMENTS := README.md LICENSE $(wildcard docs/*.md docs/ko/*.md docs/*.svg docs/*.png)
INSTALLED_TREES := examples lua suites schema

man: build/v2glab ## Writes the manual pages to build/man
	@tools/manual build/v2glab build/man

install: all man ## Installs program, library, headers, manual pages, completion and documents (PREFIX, DESTDIR)
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBDIR)/pkgconfig'
	install -m 755 $(OUT)/v2glab '$(DESTDIR)$(BINDIR)/v2glab'
	for l in $(EXPORTED); do \
		install -m 644 $(OUT)/export/$$l.a '$(DESTDIR)$(LIBDIR)/'$$l.a && \
		install -m 644 $(OUT)/export/$$l.so '$(DESTDIR)$(LIBDIR)/'$$l.so.$(VERSION) && \
		ln -sfn $$l.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/'$$l.so.$(SOVERSION) && \
		ln -sfn $$l.so.$(SOVERSION) '$(DESTDIR)$(LIBDIR)/'$$l.so && \
		sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
			-e 's|@VERSION@|$(VERSION)|' -e 's|@MODULES@|$(MODULES)|' \
			-e 's|@CODEC_MODULES@|$(CODEC_MODULES)|' $$l.pc.in \
			>'$(DESTDIR)$(LIBDIR)/pkgconfig/'$$l.pc || exit 1; done
	tools/install-headers $(OUT)/export/libv2g.symbols '$(DESTDIR)$(INCLUDEDIR)/v2g' $(PUBLIC_HEADERS)
	for page in build/man/*.1; do \
		install -D -m 644 $$page '$(DESTDIR)$(MANDIR)/man1/'$${page##*/} || exit 1; done
	for c in $(COMPLETIONS); do from=completion/$${c##*/}; [ -e $$from ] || from=$$from.bash; \
		install -D -m 644 $$from '$(DESTDIR)$(SHAREDIR)/'$$c || exit 1; done
	for d in $(DOCUMENTS); do to=$${d#docs/}; [ $$to = $$d ] || to=docs/$$to; \
		install -D -m 644 $$d '$(DESTDIR)$(DOCDIR)/'$$to || exit 1; done
	for f in $$(find $(INSTALLED_TREES) -type f ! -name '.*'); do \
		install -D -m 644 $$f '$(DESTDIR)$(SHAREDIR)/v2glab/'$$f || exit 1; done

uninstall: ## Removes what install put there
	rm -f '$(DESTDIR)$(BINDIR)/v2glab' \
		$(foreach l,$(EXPORTED),$(foreach e,a so so.$(SOVERSION) so.$(VERSION),'$(DESTDIR)$(LIBDIR)/$l.$e') \
		'$(DESTDIR)$(LIBDIR)/pkgconfig/$l.pc') \
		'$(DESTDIR)$(MANDIR)'/man1/v2glab.1 '$(DESTDIR)$(MANDIR)'/man1/v2glab-*.1 \
		$(COMPLETIONS:%='$(DESTDIR)$(SHAREDIR)/%')
	rm -rf '$(DESTDIR)$(INCLUDEDIR)/v2g' '$(DESTDIR)$(DOCDIR)' '$(DESTDIR)$(SHAREDIR)/v2glab'
	cd '$(DESTDIR)$(PREFIX)' && rmdir -p --ignore-fail-on-non-empty 2>/dev/null $(patsubst $(PREFIX)/%,'%', \
		$(filter $(PREFIX)/%,$(BINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR) $(MANDIR)/man1 $(SHAREDIR)/doc \
		$(dir $(COMPLETIONS:%=$(SHAREDIR)/%)))) || true

deb: | build/packages/deb ## Makes the Debian packages in build/deb
	@tools/make-deb $(VERSION) build/deb

clean: ## Removes build/
	rm -rf build

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(APP_OBJECTS) $(OUT)/src/app/main.o $(TEST_OBJECTS) \
	$(OTHER_OBJECTS))
