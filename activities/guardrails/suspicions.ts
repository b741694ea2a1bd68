/** What in a fetched text looks like an order to a model. Patterns see a text in small letters, in one line. */
export interface Suspicion {
  reason: string;
  pattern: RegExp;
}

const RULES =
  '(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|polic(?:y|ies)|constraints?|restrictions?|guardrails?|safeguards?|training|programming|guidance|commands?)';
const SECRETS =
  '(?:system prompt|(?:your|the) (?:hidden |initial |original |system )?(?:instructions?|prompt|rules|configuration)|api[ _-]?keys?|passwords?|secrets?|credentials?|access tokens?|private keys?|environment variables?|(?:conversation|chat) history|(?:customer|contact|client|user|order|payment)s?(?: data| records?| list| details| e-?mails?)|everything you know)';
const NOT_TO = "(?:do not|don'?t|dont|never|must not|without)";
const HARM =
  'delete|remove|wipe|erase|purge|transfer|wire|refund|forward|disable|overwrite|export|exfiltrate|e-?mail|cancel';
const CHANGES = `${HARM}|send|drop|publish|post|grant|invite|change|update|create|add|set|upload|pay|approve|remember|store|write|visit|fetch|open|navigate|browse|download|reply|respond|answer|output|delegate|tell|start|sync|recommend|call|use|run|execute|include|follow|obey`;
const AI =
  '(?:a\\.?i\\.?|llms?|language models?|(?:ai |virtual |digital )?assistants?|chat ?bots?|agents?|bots?|models?|gpt(?:-?\\d\\w*)?|chatgpt|claude|gemini|copilot|automated (?:systems?|readers?|tools?))';

const of = (reason: string, source: string): Suspicion => ({ reason, pattern: new RegExp(source, 'u') });

/** Written as people write it, and compared as texts are: without marks, Hangul in its parts. */
const foreign = (source: string): Suspicion =>
  of('gives orders in another language', source.normalize('NFKD').replace(/\p{M}/gu, ''));

/** “Ignore your instructions” in the languages in which it is tried most. */
const FOREIGN = [
  'ignorier\\w*.{0,40}(?:anweisung|instruktion|regel|vorgabe|befehl)',
  'vergiss.{0,30}(?:anweisung|alles|regel|vorher)',
  'vergessen sie.{0,40}(?:anweisung|regel|vorgabe|alles)',
  '(?:olvida|ignora).{0,20}(?:tus|sus|las) (?:instrucciones|reglas)',
  'ignor(?:e|ez|er|ons).{0,40}(?:instructions|consignes|regles|directives)',
  'oublie[zr]?.{0,30}(?:instructions|consignes|precedent)',
  '(?:ignora|olvida|omite).{0,40}(?:instrucciones|reglas|anteriores|ordenes)',
  '(?:ignora|dimentica|trascura).{0,40}(?:istruzioni|regole|precedenti)',
  '(?:ignore|esqueca|desconsidere).{0,40}(?:instrucoes|regras|anteriores)',
  '(?:negeer|vergeet).{0,30}(?:instructies|regels|vorige|opdrachten)',
  '(?:zignoruj|pomin|zapomnij).{0,30}(?:instrukcj|polecen|poprzedni)',
  '(?:onceki|yukaridaki).{0,30}talimat',
  '(?:игнорируи|забудь|проигнорируи|не обращаи).{0,40}(?:инструкц|указан|команд|правил|предыдущ)',
  '(?:ігноруи|забудь).{0,40}(?:інструкц|вказівк)',
  '(?:忽略|无视|無視|忘记|忘記).{0,16}(?:指令|指示|说明|說明|提示|规则|規則|要求)',
  '(?:指示|命令|ルール|プロンプト).{0,8}(?:無視|忘れ|従わ)',
  '(?:지시|명령|프롬프트|규칙).{0,8}(?:무시|잊)',
  '(?:تجاهل|انس).{0,30}(?:تعليمات|اوامر|توجيهات|التعليمات|الاوامر)',
  '(?:निर्देश|आदेश).{0,20}(?:अनदेखा|नजरअदाज|भूल|उपेक्षा)',
  '(?:अनदेखा|भूल).{0,20}निर्देश',
  '(?:bo qua|quen).{0,30}(?:huong dan|chi thi|lenh)',
  'abaikan.{0,30}(?:instruksi|perintah)',
];

export const SUSPICIONS: Suspicion[] = [
  of(
    'sets its orders above yours',
    `\\b(?:ignor\\w*|disregard\\w*|forget|overrid\\w*|bypass\\w*|neglect|discard|set aside|pay no attention to|stop following|do not follow|don'?t follow|supersed\\w+)\\b.{0,50}\\b${RULES}\\b`,
  ),
  of(
    'sets its orders above yours',
    `\\b(?:ignore|disregard|forget)\\b (?:all |everything |anything |whatever |what )(?:of )?(?:the |you |that )?(?:above|before|previous|prior|were|was|have been|had been|you)\\b`,
  ),
  of(
    'sets its orders above yours',
    `\\b(?:${RULES}|safety|filters?)\\b.{0,20}\\b(?:no longer (?:apply|applies|hold)|(?:has|have) (?:changed|been (?:lifted|changed|updated|disabled|suspended|revoked))|(?:is|are|was|were) (?:now )?(?:turned off|lifted|suspended|void|disabled|off|revoked|replaced|outdated))|\\bstop what you(?:'re| are) doing\\b|\\b(?:do|act) (?:exactly )?as (?:this|the) (?:page|text|message|document|note|record)\\b|\\b(?:follow|obey) (?:mine|me|this (?:page|text|message|note)|these (?:steps|instructions) (?:instead|only))\\b|\\boverride ?:`,
  ),
  of(
    'gives new orders',
    `\\b(?:new|updated|revised|real|actual|true|hidden|secret|urgent|priority|important|overriding|following|next) (?:system |admin |user )?(?:instructions?|prompt|directives?|objective|mission)\\b ?(?::|is\\b|are\\b|for (?:you|the)|follows?|from)|\\byour (?:new |real |actual |next |only |true )?(?:task|objective|goal|mission|job|instructions?) (?:is|are|now)\\b|\\b(?:task|instruction) (?:update|change) from\\b|\\b(?:real|actual|true|hidden|secret) task ?:`,
  ),
  of(
    'changes who you are',
    `\\byou are (?:now|actually|really|henceforth) (?:an? |the |my )?(?:[\\w-]+ ){0,3}(?:${AI}|dan|admin\\w*|developer|unrestricted|free|hacker|root|system|jailbroken|different|in \\w+ mode)\\b|\\byou are no longer (?:bound|restricted|limited|an?|under|required)\\b|\\bfrom (?:now|here|this (?:point|moment)) on,? (?:you (?:are|must|will|should|have|act|shall|only)|act|behave|respond|answer|reply|ignore|always|never)|\\byou have been (?:granted|given)\\b.{0,30}\\b(?:admin\\w*|rights?|access|permission|privileges)\\b|\\banswer without (?:limits?|restrictions?|filters?)\\b|\\b(?:act|behave|respond|answer|roleplay|role-play) as (?:if|though|an?|the|my)\\b.{0,60}\\b(?:${AI}|admin\\w*|root|developer|system|dan|unrestricted|superuser)\\b|\\bpretend (?:to be|you|that you)|\\b(?:developer|debug|god|admin|maintenance|sudo|unrestricted) mode\\b|\\bjailbreak|\\bdo anything now\\b`,
  ),
  of(
    'plays a role of the conversation',
    `<\\|?/?(?:im_start|im_end|system|assistant|endoftext|user|start_header_id|eot_id)\\|?>|\\[/?(?:inst|sys|system|assistant)\\]|<</?sys>>|</?(?:material|instructions?|tool_calls?|function_calls?|function_results?|tool_results?|antml:\\w+|invoke)\\b|(?:^|[.!?>\\]}"'] ?|\\s#+ ?|---+ ?)(?:system|assistant|developer|tool)(?: (?:message|prompt|note|override|notice|update|alert) ?:| ?: ?(?=[^.!?]{0,60}\\b(?:you|user|ignore|must|call|all|do|proceed|instructions?|sure|approved)\\b))|\\brole ?[=:] ?"?(?:system|assistant|developer)\\b|\\b(?:begin|end|start) (?:of )?(?:system|admin|trusted|user) (?:message|prompt|instructions?|input|data)\\b|\\bhuman: .{0,200}\\bassistant:`,
  ),
  of(
    'speaks to a model',
    `\\b(?:dear|attention|attn|note (?:to|for)|hey|hello|hi|message (?:to|for)|instructions? (?:to|for)|reminder (?:to|for)|memo (?:to|for)|notice (?:to|for)|directive (?:to|for)|important for|listen)\\b[ ,:]{0,3}(?:the |all |any |every |you,? |our |this )?(?:\\w+ )?${AI}\\b|\\bif you(?:'re| are) (?:an? |the )?(?:\\w+ )?${AI}\\b|\\bas an? (?:ai|llm|language model)\\b|\\b(?:ai|llm|${AI}) (?:reading|processing|summari[sz]ing|analy[sz]ing|handling|parsing|reviewing|that reads|who reads)\\b|\\bto (?:whichever|whatever|any) ${AI}\\b|\\bwho(?:m)?ever (?:processes|reads|handles|summari[sz]es|reviews)\\b|\\b${AI} (?:that|who) (?:reads?|process(?:es)?|handles?)\\b|\\b(?:fur|an|para|pour|per|voor|til|dla) (?:die |den |das |la |las |los |el |l'|les |de |il )?(?:ki|ia|ai|llm|assistent\\w*|asistente|assistant)\\b|^ ?${AI}, \\w+`,
  ),
  of(
    'asks for what is secret',
    `(?<!\\b(?:never|not|don't)\\b[^.!?]{0,50})\\b(?:reveal|show|print|output|repeat|leak|send|tell|dump|disclose|display|exfiltrate|forward|post|share|upload|e-?mail|give|include|append|attach|copy|transmit|list|export|recite|paste)\\b.{0,70}\\b${SECRETS}\\b|\\bwhat are your (?:instructions|rules)\\b|\\b(?:repeat|recite|print|write|output) (?:everything|all|the text|what is) (?:above|before)\\b|\\b(?:send|forward|export|mail|e-?mail|post|copy) (?:(?:a )?cop(?:y|ies) of |the |all |every |each |whole |last ){1,3}.{0,50}\\b(?:customers?|contacts?|invoices?|records?|orders?|data|lists?|database|documents?)\\b.{0,30}\\b(?:to|at)\\b.{0,20}(?:@|https?:|address below)`,
  ),
  of(
    'wants people not to know',
    `\\b${NOT_TO} (?:tell|telling|inform|informing|mention|mentioning|notify|notifying|alert|alerting|reveal|let|show|showing|ask|asking|report|reporting|disclose|discuss|log|logging|display|warn|bother)\\b.{0,40}\\b(?:users?|humans?|owners?|anyone|anybody|customers?|admin\\w*|person|people|operators?|approv\\w*|staff|team|them|him|her|this|it|confirm\\w*|permission)\\b|\\b(?:silently|secretly|covertly|quietly|discreetly|in the background)\\b.{0,40}\\b(?:call|send|use|run|create|delete|update|change|add|forward|post|execute|write|e-?mail|transfer|perform)\\b`,
  ),
  of(
    'gives a permission that is not its own',
    `\\b(?:already|pre-?|has been|have been|was|were|is|are|hereby|fully)[ -]?(?:been )?(?:approved|authori[sz]ed|pre-?approved|confirmed|cleared|consented)\\b.{0,60}\\b(?:no|without|proceed|go ahead|skip|immediately|need not|by the (?:owner|admin\\w*|ceo|user|team|manager|security|director)|so (?:you|just)|you (?:may|can|should|must))\\b|\\bi (?:hereby )?(?:authori[sz]e|approve|permit|allow|instruct) you\\b|\\b(?:approval|permission|consent)\\b.{0,30}\\b(?:is|was|has been) (?:already )?(?:obtained|given|granted)\\b|\\b(?:no|without|skip(?:ping)?|waive[sd]?|bypass\\w*) (?:further |any |human |the |additional |prior )*(?:approval|confirmation|permission|consent|authori[sz]ation|review)\\b|\\b(?:user|owner|admin\\w*|ceo|manager) (?:has )?(?:already )?(?:approved|authori[sz]ed|consented|agreed|said yes|wants you to|asked you to|instructs? you|requests? that you)\\b`,
  ),
  of(
    'orders a tool',
    `\\b(?:call|use|invoke|run|execute|trigger|fire|make|issue|perform|launch|activate)\\b.{0,40}\\b(?:tools?|functions?|plugins?|mcp|tool ?calls?|http requests?|webhooks?|shell|commands?|api calls?|[a-z]+_[a-z_]+)\\b|\\b(?:tool|function)_?calls?\\b|"?(?:tool_?name|arguments)"? ?[:=] ?["{]|\\bname [a-z_]+ arguments\\b`,
  ),
  of(
    'orders a change',
    `\\byou (?:must|need to|have to|are (?:required|instructed|ordered|asked|to)|will now|shall)\\b.{0,30}\\b(?:${CHANGES})\\b|\\b(?:please|immediately|instead|then|first|now|kindly)\\b,? (?:also |now |then )?(?:${HARM})\\b.{0,60}\\b(?:all|every|each|any|the (?:entire|whole)|access|admin\\w*)\\b|\\b(?:set|change|update|raise|lower|reset) (?:the )?.{0,40}\\b(?:of|for|on|in) (?:every|all|each)\\b|\\b(?:wire|transfer|pay|send) .{0,20}\\d.{0,20}\\b(?:iban|account|wallet|[a-z]{2}\\d\\d\\b)|\\bpay .{0,30}\\bimmediately\\b|\\bthen (?:run|call|execute)\\b|\\b(?:${HARM}) (?:all|every|each|any|the entire|the whole)\\b|\\b(?:add|grant|invite|give|make|promote)\\b.{0,60}\\b(?:as (?:an? )?|the )?(?:admin\\w*|owner|superuser|full access)\\b|\\b(?:include|add|put|insert|mention|recommend|use)\\b.{0,60}\\b(?:in|to|into|as|from) (?:your|every|all|each) (?:\\w+ )?(?:answers?|repl(?:y|ies)|responses?|outputs?|reports?|summar(?:y|ies)|memory|notes)\\b|\\b(?:remember|memori[sz]e|store|save|keep)\\b (?:this|that|the following|it|in).{0,80}\\b(?:for (?:all )?(?:future|later|next|every)|from now on|permanently|forever|in (?:your )?(?:long-?term )?memory)\\b|\\b(?:begin|start|end) your (?:answer|reply|response)\\b|\\breply only (?:in|with)\\b|\\brate this\\b.{0,40}\\b(?:best|highest|top|5|five)\\b|\\b(?:your|the) (?:answer|reply|response|output|summary) (?:must|should|shall|has to|needs to)\\b|\\b(?:respond|reply|answer) (?:only|exactly|exclusively|just)? ?(?:with|by|in)\\b`,
  ),
  of(
    'takes something outside',
    `!\\[[^\\]]{0,100}\\]\\([^)]{0,300}(?:\\{|\\[|<|%7b|\\.\\.\\.|data=|secret|leak|key=|token=)|\\b(?:append|add|put|include|embed|encode|attach|concatenate)\\b.{0,60}\\b(?:to|in|into|as) (?:the |a |this |its )?(?:url|link|query|image|address|path|parameter)|https?://[^\\s"')]{0,200}(?:\\{\\{?|\\[|<|%7b)(?:[a-z_ ]{0,30})(?:data|secret|key|token|email|contacts?|conversation|history|answer|summary|info|content|output)`,
  ),
  ...FOREIGN.map(foreign),
];
