# fish completion for vgapass(8)
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program itself knows all words: "vgapass complete WORD...", see cli/verbs/cmd_complete.c.

function __vgapass_complete
    set -lx PATH $PATH /usr/local/sbin /usr/sbin
    set -l words (commandline -opc)
    set -l last (string unescape -- (commandline -ct))
    set -l lines (command $words[1] complete $words[2..] "$last" 2>/dev/null)
    set -l kept (string match -r -- '^--[^=]*=' $last)
    set -l value (string replace -r -- '^--[^=]*=' '' $last)
    switch "$lines[1]"
        case \tDIR
            __fish_complete_directories "$value" | string replace -r -- '^' "$kept"
        case \tFILE
            __fish_complete_path "$value" | string replace -r -- '^' "$kept"
        case '*'
            printf '%s\n' $lines
    end
end
complete -c vgapass -f -a '(__vgapass_complete)'
