# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libpagewarden, shared and static, from the same position-independent objects.

lib_so := $(BUILD)/user/lib/libpagewarden.so
lib_a := $(BUILD)/user/lib/libpagewarden.a
lib_obj := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard user/lib/*.c)))

$(lib_obj): CFLAGS += -fPIC -fvisibility=hidden

.PHONY: lib
lib: $(lib_so) $(lib_a)

$(lib_so).0: $(lib_obj) user/lib/libpagewarden.map
	@echo "  SHLIB   $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libpagewarden.so.0 -Wl,-z,defs -Wl,-z,relro,-z,now \
		-Wl,--version-script=user/lib/libpagewarden.map -o $@ $(lib_obj)
$(lib_so): $(lib_so).0
	@ln -sf $(notdir $<) $@
$(lib_a): $(lib_obj)
