/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firmware.S - all the software of a guest in the guest: lists the PCI functions that it sees.
 *
 * A line "GUEST BUS:DEVICE.FUNCTION VENDOR:DEVICE CLASS" for each, on port e9 (-debugcon). Of
 * a VGA card behind a bridge it also maps BAR 2 and says what is in the ID register of QEMU's
 * own card there: the guest gets through to the card itself, not only to its configuration
 * space, which QEMU could make up. In the end it leaves by isa-debug-exit, status 33.
 *
 * 64 KiB, seen at f0000 and below 4 GiB. QEMU's machines need no other set-up for this.
 */
#define WINDOW 0xe0000000 /* 1 MiB in the hole for PCI, behind the bridge */
#define VGA_ID 0x500      /* in BAR 2: DISPI register 0 */

	.code16
	.globl _start
_start:
	cli
	lgdtl %cs:gdt_register - _start
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $8, $flat

	.balign 8
gdt:	.quad 0
	.quad 0x00cf9a000000ffff	/* 8: code, all of 4 GiB */
	.quad 0x00cf92000000ffff	/* 16: data */
gdt_register:
	.word . - gdt - 1
	.long gdt

	/* ebx is the function as port cf8 wants it, 80000000 | bus << 16 | devfn << 8, and ebp
	 * the last bus: a bridge gets the next number for the one behind it, which is then
	 * looked at after those before it. */
	.code32
flat:	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $0x7000, %esp
	xor %ebp, %ebp
	mov $0x80000000, %ebx
each:	xor %ecx, %ecx
	call read
	cmp $-1, %eax
	je next
	call say_function
	mov $0x0c, %cl
	call read
	shr $16, %eax
	and $0x7f, %al			/* header type 1: a bridge */
	dec %al
	jne 1f
	call open_bridge
	jmp next
1:	test %ebp, %ebp
	jz next
	mov $8, %cl
	call read
	shr $16, %eax
	cmp $0x0300, %ax
	jne next
	call say_register
next:	add $0x100, %ebx
	mov %ebx, %eax
	shr $16, %eax
	movzbl %al, %eax
	cmp %ebp, %eax
	jbe each
	mov $end, %esi
	call say
	mov $0xf4, %dx
	mov $0x10, %al			/* QEMU exits with 2 * 10h + 1 */
	out %al, %dx
1:	hlt
	jmp 1b

open_bridge:
	inc %ebp
	mov %ebp, %eax
	shl $8, %eax
	mov %ebp, %edx
	shl $16, %edx
	or %edx, %eax			/* from bus 0 to this one, which is also the last */
	mov $0x18, %cl
	call write
	mov $(WINDOW >> 16) * 0x10001, %eax
	mov $0x20, %cl
	call write
	mov $6, %al			/* command: memory, and DMA */
	jmp command

say_register:
	mov $WINDOW, %eax
	mov $0x18, %cl			/* BAR 2 */
	call write
	mov $2, %al
	call command
	mov $register, %esi
	call say
	mov WINDOW + VGA_ID, %ax
	call say_word
	jmp say_newline

say_function:
	push %eax
	mov $guest, %esi
	call say
	mov %ebx, %eax
	shr $16, %eax
	call say_byte
	mov $':', %al
	call say_char
	mov %bh, %al
	shr $3, %al
	call say_byte
	mov $'.', %al
	call say_char
	mov %bh, %al
	and $7, %al
	call say_digit
	call say_space
	mov (%esp), %eax
	call say_word
	mov $':', %al
	call say_char
	pop %eax
	shr $16, %eax
	call say_word
	call say_space
	mov $8, %cl
	call read
	shr $16, %eax
	call say_word
say_newline:
	mov $'\n', %al
	jmp say_char

/* command: writes al to the command register. read, write: the 32 bits at cl, in eax. */
command:
	movzbl %al, %eax
	mov $4, %cl
write:	push %eax
	call select
	pop %eax
	out %eax, %dx
	ret
read:	call select
	in %dx, %eax
	ret
select:	movzbl %cl, %eax
	or %ebx, %eax
	mov $0xcf8, %dx
	out %eax, %dx
	mov $0xcfc, %dx
	ret

/* ax or al in hex */
say_word:
	push %eax
	mov %ah, %al
	call say_byte
	pop %eax
say_byte:
	push %eax
	shr $4, %al
	call say_digit
	pop %eax
say_digit:
	and $15, %eax
	mov digits(%eax), %al
say_char:
	out %al, $0xe9
	ret
say_space:
	mov $' ', %al
	jmp say_char
say:	lodsb
	test %al, %al
	jz 1f
	call say_char
	jmp say
1:	ret

digits:	.ascii "0123456789abcdef"
guest:	.asciz "GUEST "
register:
	.asciz "GUEST register "
end:	.asciz "GUEST END\n"

	/* The processor starts here. */
	.org 0xfff0
	.code16
	ljmp $0xf000, $0
	.org 0x10000
