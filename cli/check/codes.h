/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codes.h - the stable words that tell findings apart, for programs. vgapass-json(5) lists them.
 *
 * A word keeps its meaning for ever: a finding that changes its meaning gets a new one. The first
 * list is of what may be wrong; the second, of what is right, which only --verbose shows.
 */
#pragma once

#define CHECK_CODES_OF_TROUBLE(X) \
	X(FILE_UNREADABLE, "file-unreadable", "a file cannot be read") \
	X(CONFIG_OWNER, "config-owner", "the configuration does not belong to root") \
	X(CONFIG_WRITABLE, "config-writable", "others than root can write the configuration") \
	X(CONFIG_UNREADABLE, "config-unreadable", "this user cannot read the configuration") \
	X(CONFIG_ERROR, "config-error", "a line of the configuration is wrong") \
	X(CONFIG_FOREIGN, "config-foreign", "a line has the syntax of other software") \
	X(NO_RULE, "no-rule", "the configuration has no rule") \
	X(PROFILE_UNKNOWN, "profile-unknown", "the configuration lacks the chosen profile") \
	X(FUNCTIONS_UNREADABLE, "functions-unreadable", "the PCI functions cannot be listed") \
	X(RULE_UNMATCHED, "rule-unmatched", "a rule matches no function") \
	X(RULE_SHADOWED, "rule-shadowed", "another rule matches all that a rule matches") \
	X(RULE_ALONE, "rule-alone", "with=slot takes nothing along on a root bus") \
	X(RULE_TOO_LATE, "rule-too-late", "a function appears only after the boot has looked") \
	X(RULE_BY_ID_ALONE, "rule-by-id-alone", "a rule takes several cards by their ID") \
	X(REFUSED_BRIDGE, "refused-bridge", "a rule is about a bridge") \
	X(REFUSED_BOOT_DISPLAY, "refused-boot-display", "a rule is about the boot display") \
	X(REFUSED_IDENTITY, "refused-identity", "an ID is not enough for such a controller") \
	X(REFUSED_SEVERAL, "refused-several", "an ID matches several network controllers") \
	X(REFUSED_STRANGER, "refused-stranger", "a companion is no part of the card") \
	X(REFUSED_EXPECT, "refused-expect", "a rule matches more or less than it expects") \
	X(REFUSED, "refused", "a function is refused for another reason") \
	X(ONCE_IMPOSSIBLE, "once-impossible", "no boot of this machine can be asked something") \
	X(ONCE_UNSEEN, "once-unseen", "a kernel cannot see what it is asked") \
	X(ONCE_LOST, "once-lost", "the next boot does not look for what it is asked") \
	X(ONCE_ASKED, "once-asked", "the next boot is asked something") \
	X(IOMMU_OFF, "iommu-off", "the IOMMU is off") \
	X(GROUP_MISSING, "group-missing", "a function has no IOMMU group, others have") \
	X(GROUP_NOT_VIABLE, "group-not-viable", "host drivers keep a group from guests") \
	X(GROUP_FRAGILE, "group-fragile", "a group is viable until the host loads a driver") \
	X(GROUP_RESERVED, "group-reserved", "the firmware keeps memory through a group (RMRR)") \
	X(IOMMU_MODULE_MISSING, "iommu-module-missing", "an image lacks the IOMMU's module") \
	X(REMAPPING_DISABLED, "remapping-disabled", "a parameter disables interrupt remapping") \
	X(REMAPPING_MISSING, "remapping-missing", "interrupts are not remapped") \
	X(IMAGE_UNREADABLE, "image-unreadable", "this user cannot read a boot image") \
	X(IMAGE_READ_FAILED, "image-read-failed", "reading a boot image failed") \
	X(IMAGE_WITHOUT_VGAPASS, "image-without-vgapass", "a boot image lacks vgapass") \
	X(IMAGE_LEFTOVER, "image-leftover", "a boot image holds vgapass without a rule") \
	X(IMAGE_STALE, "image-stale", "a boot image holds something older") \
	X(IMAGE_BOOSTER, "image-booster", "booster made a boot image") \
	X(IMAGE_DAMAGED, "image-damaged", "a boot image is damaged") \
	X(IMAGE_MISSING, "image-missing", "a boot entry names an image that is not found") \
	X(ENTRY_WITHOUT_IMAGE, "entry-without-image", "an entry boots without a boot image") \
	X(IMAGE_UNKNOWN, "image-unknown", "it is not known which image boots a kernel") \
	X(BOOT_UNMOUNTED, "boot-unmounted", "the file system of the boot loader is not mounted") \
	X(BOOT_UNREADABLE, "boot-unreadable", "this user cannot read a directory of the boot") \
	X(PROGRAM_MISSING, "program-missing", "vgapass-early is not installed") \
	X(SYSTEM_UNSUPPORTED, "system-unsupported", "no tool here puts vgapass into images") \
	X(MODULE_FAULT, "module-fault", "the modules of a rule's driver cannot be listed") \
	X(MODULES_GONE, "modules-gone", "the running kernel's modules are gone") \
	X(MODULES_UNSIGNED, "modules-unsigned", "the kernel requires signatures on modules") \
	X(SETTING_FIGHTS, "setting-fights", "a setting gives away what no rule takes") \
	X(SETTING_NEEDLESS, "setting-needless", "rules make a setting needless") \
	X(OVERRIDE_FIGHTS, "override-fights", "driverctl gives a function another driver") \
	X(OVERRIDE_NEEDLESS, "override-needless", "driverctl does what a rule does") \
	X(SCRIPT_BINDS, "script-binds", "a script or udev rule binds functions") \
	X(HOOK_BINDS, "hook-binds", "a guest's hook binds functions of rules") \
	X(SETTING_REMOVES, "setting-removes", "a setting removes functions of rules") \
	X(SETTING_WITHOUT_RULE, "setting-without-rule", "only a setting gives functions away") \
	X(MODULE_GONE, "module-gone", "a list names a module that the kernel lacks") \
	X(OPTION_IGNORED, "option-ignored", "modprobe.d has an option of a built-in driver") \
	X(VFIO_STOPPED, "vfio-stopped", "a setting keeps VFIO or vgapass from working") \
	X(VFIO_HINDERED, "vfio-hindered", "a setting may keep VFIO from working") \
	X(BLACKLIST_NEEDLESS, "blacklist-needless", "rules make a blacklist needless") \
	X(SETTING_WRONG, "setting-wrong", "no program reads a setting as it is written") \
	X(GVT_USELESS, "gvt-useless", "Intel's GVT-g is turned on where it does nothing") \
	X(MDEV_WITHOUT_CARD, "mdev-without-card", "a rule takes the card of a mediated device") \
	X(VF_DRIVER_MISSING, "vf-driver-missing", "no driver can make virtual functions") \
	X(VF_NUMBER, "vf-number", "there are more or fewer virtual functions than a rule says") \
	X(VF_FAILED, "vf-failed", "the virtual functions of a rule could not be made") \
	X(VF_ELSEWHERE, "vf-elsewhere", "a setting makes virtual functions beside the rules") \
	X(RECOVERY_BOOT, "recovery-boot", "a recovery boot binds nothing") \
	X(RESET_MISSING, "reset-missing", "a function cannot be reset") \
	X(RESET_SHARED, "reset-shared", "a function cannot be reset without one of the host") \
	X(RECEIPT_UNUSABLE, "receipt-unusable", "the receipt of the boot cannot be used") \
	X(BOOT_WITHOUT_VGAPASS, "boot-without-vgapass", "the last boot did not run vgapass") \
	X(RULE_NEWER_THAN_BOOT, "rule-newer-than-boot", "the last boot did not know a rule") \
	X(DRIVER_CHANGED, "driver-changed", "a function lost its driver since the boot") \
	X(BIND_FAILED, "bind-failed", "the last boot could not bind a function") \
	X(OVERRIDE_UNEXPLAINED, "override-unexplained", "no rule explains a driver_override") \
	X(STRAY_OF_BOOT, "stray-of-boot", "the boot ended with a driver for guests on a function") \
	X(STRAY_FUNCTION, "stray", "a driver for guests has a function, and no rule says so") \
	X(FRAMEBUFFER_HELD, "framebuffer-held", "a framebuffer holds a card's memory") \
	X(HOST_NEEDS, "host-needs", "the host itself needs a function") \
	X(PASSPHRASE_UNTYPED, "passphrase-untyped", "no keyboard is left for the passphrase") \
	X(PASSPHRASE_UNSEEN, "passphrase-unseen", "no display is left for the passphrase") \
	X(KVM_NOT_LOADED, "kvm-not-loaded", "KVM's module is not loaded") \
	X(KVM_UNSUPPORTED, "kvm-unsupported", "the CPU shows no virtualization") \
	X(KVM_DENIED, "kvm-denied", "this user cannot open /dev/kvm") \
	X(GROUP_DENIED, "group-denied", "this user cannot open a group's file") \
	X(MEMLOCK_LOW, "memlock-low", "this user may lock too little memory")

#define CHECK_CODES_OF_GOOD(X) \
	X(GOOD_FILES, "config-safe", "only root can write the configuration") \
	X(GOOD_RULES, "rules-match", "each rule is well formed and matches a function") \
	X(GOOD_LATER, "rules-in-time", "each function of a rule appears in time") \
	X(GOOD_KINDS, "rules-exact", "each rule by ID alone takes one card") \
	X(GOOD_REFUSED, "none-refused", "no function is refused") \
	X(GOOD_ONCE, "once-possible", "the next boot is asked nothing, or could be") \
	X(GOOD_IOMMU, "iommu-on", "the IOMMU is on") \
	X(GOOD_NO_GROUP, "groups-exist", "each function of a rule has an IOMMU group") \
	X(GOOD_GROUPS, "groups-viable", "each IOMMU group of a rule is viable") \
	X(GOOD_RESERVED, "groups-unreserved", "the firmware keeps no memory through a card") \
	X(GOOD_LATE_IOMMU, "groups-in-time", "each IOMMU group exists in time") \
	X(GOOD_REMAPPING, "remapping-fine", "interrupt remapping is on, or needless here") \
	X(GOOD_IMAGES, "images-current", "each boot image is up to date") \
	X(GOOD_MODULES, "modules-complete", "each kernel has the modules of the rules") \
	X(GOOD_SIGNATURES, "modules-accepted", "the kernel accepts the modules") \
	X(GOOD_SETTINGS, "settings-fine", "no setting elsewhere conflicts with the rules") \
	X(GOOD_RESET, "reset-available", "each function of a rule can be reset") \
	X(GOOD_DRIVERS, "drivers-as-ruled", "each function of a rule uses its driver") \
	X(GOOD_BINDERS, "no-strays", "only rules give functions to guests") \
	X(GOOD_MEDIATED, "mdevs-kept", "no rule takes the card of a mediated device") \
	X(GOOD_VFS, "vfs-possible", "nothing keeps virtual functions of rules from being made") \
	X(GOOD_FRAMEBUFFER, "framebuffer-free", "no framebuffer holds memory of a card") \
	X(GOOD_NEEDS, "host-needs-kept", "the host keeps all that it needs") \
	X(GOOD_PASSPHRASE, "passphrase-possible", "the root file system can be unlocked") \
	X(GOOD_KVM, "kvm-available", "KVM is available") \
	X(GOOD_KVM_ACCESS, "kvm-accessible", "this user can open /dev/kvm") \
	X(GOOD_GROUP_FILES, "groups-accessible", "this user can open the groups of the cards") \
	X(REMOVABLE, "function-removable", "a function may appear after the boot has looked") \
	X(IOMMU_MODULE, "iommu-module-present", "a boot image has the IOMMU's module") \
	X(IMAGE_CURRENT, "image-current", "a boot image holds the current configuration") \
	X(MODULES_BUILT_IN, "modules-built-in", "a kernel has the modules built in") \
	X(MODULE_LISTED, "module-listed", "a list names a module that images load anyway") \
	X(VGAPASS_OFF_ENTRY, "vgapass-off-entry", "a boot entry boots without rules") \
	X(RISK_TAKEN, "risk-taken", "a setting trusts the guests") \
	X(RESET_OF_SLOT, "reset-of-slot", "a function is reset with its whole slot") \
	X(BOUND_FOR_NOW, "bound-for-now", "a function is bound until the next boot") \
	X(BOOT_DISPLAY_TAKEN, "boot-display-taken", "a rule takes the boot display")

#define CHECK_CODE(name, word, meaning) CODE_##name,
enum check_code {
	CHECK_CODES_OF_TROUBLE(CHECK_CODE)
	CHECK_CODES_OF_GOOD(CHECK_CODE)
	CODES
};
#undef CHECK_CODE
