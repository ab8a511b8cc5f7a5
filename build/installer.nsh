; Registers tokentray:// for the user who installs, and takes it away again if it is still ours.
; The dashes end the options: what a link says can never be one (CVE-2018-1000006).

!macro customInstall
  WriteRegStr SHELL_CONTEXT "Software\Classes\tokentray" "" "URL:Tokentray sign-in"
  WriteRegStr SHELL_CONTEXT "Software\Classes\tokentray" "URL Protocol" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\tokentray\DefaultIcon" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}",0'
  WriteRegStr SHELL_CONTEXT "Software\Classes\tokentray\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "--" "%1"'
!macroend

!macro customUnInstall
  ReadRegStr $0 SHELL_CONTEXT "Software\Classes\tokentray\shell\open\command" ""
  StrCmp $0 '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "--" "%1"' 0 tokentrayKeep
  DeleteRegKey SHELL_CONTEXT "Software\Classes\tokentray"
  tokentrayKeep:
!macroend
